-- Everything that is decided once per customer. One row per account, number n from 1.
-- Internal: rate (documents a month), ticket_cents (their median amount, in the customer's currency) and payment rhythm.
WITH draw AS (
    SELECT
        n,
        if(n % 5 < 3, 'HD', 'NG') AS company_id,
        u(n, 'segment') AS r_segment,
        u(n, 'behaviour') AS r_behaviour,
        u(n, 'name') AS r_name,
        z(n, 'size') AS size
    FROM range(1, getvariable('accounts') + 1) AS t (n)
),

kind AS (
    SELECT
        draw.*,
        party.functional_currency,
        party.first_number,
        CASE
            WHEN r_segment < 0.035 THEN 'government'
            WHEN size > 1.9 THEN 'strategic'
            WHEN size > 1.1 THEN 'key'
            ELSE 'standard'
        END AS segment,
        CASE
            WHEN r_segment < 0.015 THEN 'budget'
            WHEN r_behaviour < 0.36 THEN 'prompt'
            WHEN r_behaviour < 0.70 THEN 'late'
            WHEN r_behaviour < 0.86 THEN 'drags'
            WHEN r_behaviour < 0.975 THEN 'erratic'
            ELSE 'never'
        END AS behaviour,
        -- Customers abroad buy in dollars.
        u(n, 'abroad') < 0.11 AND r_segment >= 0.035 AS is_abroad
    FROM draw
    INNER JOIN party USING (company_id)
),

-- How many reps each company has.
crew AS (
    SELECT
        company_id,
        max(reps) AS reps
    FROM staff
    GROUP BY company_id
),

named AS (
    SELECT
        kind.*,
        if(is_abroad, 'USD', functional_currency) AS currency,
        CASE
            WHEN (company_id = 'HD') = is_abroad AND segment = 'government'
                THEN pick(place_heads(), u(n, 'a')) || pick(place_tails(), u(n, 'b')) || pick(english_bodies(), u(n, 'c'))
            WHEN segment = 'government' THEN pick(towns(), u(n, 'a')) || pick(bureaus(), u(n, 'b'))
            WHEN (company_id = 'HD') = is_abroad
                THEN pick(place_heads(), u(n, 'a')) || pick(place_tails(), u(n, 'b')) || ' '
                    || pick(english_trades(), u(n, 'c')) || if(u(n, 'd') < 0.85, ' Ltd', ' plc')
            ELSE pick(cities(), u(n, 'a')) || pick(brand_heads(), u(n, 'b')) || pick(brand_tails(), u(n, 'e'))
                || pick(trades(), u(n, 'c')) || if(u(n, 'd') < 0.9, '有限公司', '股份有限公司')
        END AS name,
        if((company_id = 'HD') = is_abroad, 'en', 'zh_CN') AS locale,
        CASE
            WHEN segment = 'government' THEN pick([30, 60, 90, 90], u(n, 'terms'))
            ELSE pick([30, 30, 45, 60, 60, 90], u(n, 'terms'))
        END AS terms,
        CASE
            WHEN behaviour = 'budget' THEN 'any'
            WHEN u(n, 'rhythm') < 0.25 THEN 'monthly'
            WHEN u(n, 'rhythm') < 0.65 THEN 'weekly'
            ELSE 'any'
        END AS rhythm,
        least(40, exp(0.10 + 0.65 * z(n, 'rate')) * CASE behaviour WHEN 'never' THEN 0.45 ELSE 1.0 END) AS rate,
        CAST(
            if(company_id = 'HD', 2600000, 310000)
            * exp(0.75 * size) * CASE WHEN is_abroad THEN if(company_id = 'HD', 0.14, 1.28) ELSE 1.0 END AS BIGINT
        ) AS ticket_cents,
        1 + CAST(floor(u(n, 'rep') * crew.reps) AS INTEGER) AS rep_draw,
        crew.reps
    FROM kind
    INNER JOIN crew USING (company_id)
),

-- The fourth rep has left: four in five of that rep's customers have found another one.
placed AS (
    SELECT
        *,
        CASE
            WHEN u(n, 'orphan') < 0.006 THEN NULL
            WHEN rep_draw = 4 AND u(n, 'moved') < 0.8 THEN 1 + n % 3
            ELSE rep_draw
        END AS rep_no,
        CAST(rate * ticket_cents * 1.15 AS BIGINT) AS monthly_cents
    FROM named
),

-- What stands outside in an ordinary month, in the company's own currency: the measure of a limit.
sized AS (
    SELECT
        *,
        CAST(
            monthly_cents * 3.5 * yuan(currency, DATE '2025-01-01') / yuan(functional_currency, DATE '2025-01-01') AS BIGINT
        ) AS usual_cents
    FROM placed
)

SELECT
    sized.n,
    coalesce(role.company_id, sized.company_id) AS company_id,
    coalesce(role.account_id, 'C' || (first_number + sized.n)) AS account_id,
    coalesce(role.name, sized.name) AS name,
    coalesce(role.segment, sized.segment) AS segment,
    coalesce(
        role.orientation,
        CASE
            WHEN sized.segment = 'strategic' THEN 'strategic'
            WHEN sized.behaviour IN ('drags', 'never', 'budget') THEN 'passive'
            WHEN u(sized.n, 'orientation') < 0.3 THEN 'sales_led'
            ELSE 'collection_led'
        END
    ) AS orientation,
    if(role.n IS NULL, sized.rep_no, role.rep_no) AS rep_no,
    if(role.n IS NULL, sized.locale, if(role.company_id = 'HD', 'zh_CN', 'en')) AS locale,
    if(role.n IS NULL, sized.is_abroad, false) AS is_abroad,
    coalesce(role.currency, sized.currency) AS currency,
    coalesce(role.behaviour, sized.behaviour) AS behaviour,
    coalesce(role.terms, sized.terms) AS terms,
    -- 月结: terms run from the end of the month.
    role.n IS NULL AND u(sized.n, 'month_end') < 0.3 AS is_month_end,
    if(role.n IS NULL, sized.rhythm, CASE role.n WHEN 7 THEN 'monthly' WHEN 8 THEN 'monthly' ELSE 'any' END) AS rhythm,
    whole(1, 5, u(sized.n, 'weekday')) AS weekday,
    CASE role.n WHEN 7 THEN 25 WHEN 8 THEN 15 ELSE pick([5, 10, 15, 20, 25, 28], u(sized.n, 'monthday')) END AS monthday,
    if(role.n IS NULL, sized.rate, 0) AS rate,
    sized.ticket_cents,
    coalesce(role.monthly_cents, sized.monthly_cents) AS monthly_cents,
    coalesce(
        role.status,
        CASE
            WHEN sized.behaviour = 'never' AND u(sized.n, 'status') < 0.12 THEN 'insolvent'
            WHEN u(sized.n, 'status') > 0.997 THEN 'closed'
            ELSE 'active'
        END
    ) AS status,
    CASE
        WHEN role.n IS NOT NULL THEN role.limit_cents
        WHEN u(sized.n, 'limit') < 0.25 THEN NULL
        WHEN u(sized.n, 'limit') < 0.27 THEN 0
        -- Tight below a half, roomy above.
        ELSE 100000 * CAST(
            ceil(usual_cents / 100000 * if(u(sized.n, 'limit') < 0.5, 0.6, 2.2) * (1 + u(sized.n, 'room'))) AS BIGINT
        )
    END AS limit_cents,
    coalesce(
        role.credit_rating,
        CASE sized.behaviour
            WHEN 'prompt' THEN pick(['AAA', 'AA', 'AA', 'A', NULL], u(sized.n, 'rating'))
            WHEN 'late' THEN pick(['AA', 'A', 'A', 'BBB', NULL], u(sized.n, 'rating'))
            WHEN 'never' THEN pick(['B', 'CCC', 'C', NULL], u(sized.n, 'rating'))
            ELSE pick(['A', 'BBB', 'BB', 'B', NULL], u(sized.n, 'rating'))
        END
    ) AS credit_rating,
    role.payer_name,
    role.habits,
    role.n IS NOT NULL AS is_character
FROM sized
LEFT JOIN persona AS role ON sized.n = role.n
