-- Everything that is decided once per customer. One row per account, number n from 1.
-- Internal: rate (documents a month), ticket_cents (their median amount, in the customer's currency) and rhythm.
WITH draw AS (
    SELECT
        n,
        IF(n % 5 < 3, 'HD', 'NG') AS company_id,
        U(n, 'segment') AS r_segment,
        U(n, 'behaviour') AS r_behaviour,
        U(n, 'name') AS r_name,
        Z(n, 'size') AS size
    FROM (SELECT UNNEST(RANGE(1, GETVARIABLE('accounts') + 1)) AS n) AS counted
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
        U(n, 'abroad') < 0.11 AND r_segment >= 0.035 AS is_abroad
    FROM draw
    INNER JOIN party USING (company_id)
),

-- How many reps each company has.
crew AS (
    SELECT
        company_id,
        MAX(reps) AS reps
    FROM staff
    GROUP BY company_id
),

named AS (
    SELECT
        kind.*,
        IF(is_abroad, 'USD', functional_currency) AS currency,
        CASE
            WHEN (company_id = 'HD') = is_abroad AND segment = 'government'
                THEN
                    PICK(PLACE_HEADS(), U(n, 'a')) || PICK(PLACE_TAILS(), U(n, 'b'))
                    || PICK(ENGLISH_BODIES(), U(n, 'c'))
            WHEN segment = 'government' THEN PICK(TOWNS(), U(n, 'a')) || PICK(BUREAUS(), U(n, 'b'))
            WHEN (company_id = 'HD') = is_abroad
                THEN
                    PICK(PLACE_HEADS(), U(n, 'a')) || PICK(PLACE_TAILS(), U(n, 'b')) || ' '
                    || PICK(ENGLISH_TRADES(), U(n, 'c')) || IF(U(n, 'd') < 0.85, ' Ltd', ' plc')
            ELSE
                PICK(CITIES(), U(n, 'a')) || PICK(BRAND_HEADS(), U(n, 'b')) || PICK(BRAND_TAILS(), U(n, 'e'))
                || PICK(TRADES(), U(n, 'c')) || IF(U(n, 'd') < 0.9, '有限公司', '股份有限公司')
        END AS name,
        IF((company_id = 'HD') = is_abroad, 'en', 'zh_CN') AS locale,
        CASE
            WHEN segment = 'government' THEN PICK([30, 60, 90, 90], U(n, 'terms'))
            ELSE PICK([30, 30, 45, 60, 60, 90], U(n, 'terms'))
        END AS terms,
        CASE
            WHEN behaviour = 'budget' THEN 'any'
            WHEN U(n, 'rhythm') < 0.25 THEN 'monthly'
            WHEN U(n, 'rhythm') < 0.65 THEN 'weekly'
            ELSE 'any'
        END AS rhythm,
        LEAST(40, EXP(-0.12 + 0.65 * Z(n, 'rate')) * CASE behaviour WHEN 'never' THEN 0.45 ELSE 1.0 END) AS rate,
        CAST(
            IF(company_id = 'HD', 2600000, 310000)
            * EXP(0.75 * size) * CASE WHEN is_abroad THEN IF(company_id = 'HD', 0.14, 1.28) ELSE 1.0 END AS BIGINT
        ) AS ticket_cents,
        1 + CAST(FLOOR(U(n, 'rep') * crew.reps) AS INTEGER) AS rep_draw,
        crew.reps
    FROM kind
    INNER JOIN crew USING (company_id)
),

-- The fourth rep has left: four in five of that rep's customers have found another one.
placed AS (
    SELECT
        *,
        CASE
            WHEN U(n, 'orphan') < 0.006 THEN NULL
            WHEN rep_draw = 4 AND U(n, 'moved') < 0.8 THEN 1 + n % 3
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
            monthly_cents * 3.5 * YUAN(currency, DATE '2025-01-01') / YUAN(functional_currency, DATE '2025-01-01')
            AS BIGINT
        ) AS usual_cents
    FROM placed
)

SELECT
    sized.n,
    COALESCE(role.company_id, sized.company_id) AS company_id,
    COALESCE(role.account_id, 'C' || (first_number + sized.n)) AS account_id,
    COALESCE(role.name, sized.name) AS name,
    COALESCE(role.segment, sized.segment) AS segment,
    COALESCE(
        role.orientation,
        CASE
            WHEN sized.segment = 'strategic' THEN 'strategic'
            WHEN sized.behaviour IN ('drags', 'never', 'budget') THEN 'passive'
            WHEN U(sized.n, 'orientation') < 0.3 THEN 'sales_led'
            ELSE 'collection_led'
        END
    ) AS orientation,
    IF(role.n IS NULL, sized.rep_no, role.rep_no) AS rep_no,
    IF(role.n IS NULL, sized.locale, IF(role.company_id = 'HD', 'zh_CN', 'en')) AS locale,
    IF(role.n IS NULL, sized.is_abroad, FALSE) AS is_abroad,
    COALESCE(role.currency, sized.currency) AS currency,
    COALESCE(role.behaviour, sized.behaviour) AS behaviour,
    COALESCE(role.terms, sized.terms) AS terms,
    -- 月结: terms run from the end of the month.
    role.n IS NULL AND U(sized.n, 'month_end') < 0.3 AS is_month_end,
    IF(role.n IS NULL, sized.rhythm, CASE role.n WHEN 7 THEN 'monthly' WHEN 8 THEN 'monthly' ELSE 'any' END) AS rhythm,
    WHOLE(1, 5, U(sized.n, 'weekday')) AS weekday,
    CASE role.n
        WHEN 7 THEN 25
        WHEN 8 THEN 15
        ELSE PICK([5, 10, 15, 20, 25, 28], U(sized.n, 'monthday'))
    END AS monthday,
    IF(role.n IS NULL, sized.rate, 0) AS rate,
    sized.ticket_cents,
    COALESCE(role.monthly_cents, sized.monthly_cents) AS monthly_cents,
    COALESCE(
        role.status,
        CASE
            WHEN sized.behaviour = 'never' AND U(sized.n, 'status') < 0.12 THEN 'insolvent'
            WHEN U(sized.n, 'status') > 0.997 THEN 'closed'
            ELSE 'active'
        END
    ) AS status,
    CASE
        WHEN role.n IS NOT NULL THEN role.limit_cents
        WHEN U(sized.n, 'limit') < 0.25 THEN NULL
        WHEN U(sized.n, 'limit') < 0.27 THEN 0
        -- Tight below a half, roomy above.
        ELSE 100000 * CAST(
            CEIL(usual_cents / 100000 * IF(U(sized.n, 'limit') < 0.5, 0.6, 2.2) * (1 + U(sized.n, 'room'))) AS BIGINT
        )
    END AS limit_cents,
    COALESCE(
        role.credit_rating,
        CASE sized.behaviour
            WHEN 'prompt' THEN PICK(['AAA', 'AA', 'AA', 'A', NULL], U(sized.n, 'rating'))
            WHEN 'late' THEN PICK(['AA', 'A', 'A', 'BBB', NULL], U(sized.n, 'rating'))
            WHEN 'never' THEN PICK(['B', 'CCC', 'C', NULL], U(sized.n, 'rating'))
            ELSE PICK(['A', 'BBB', 'BB', 'B', NULL], U(sized.n, 'rating'))
        END
    ) AS credit_rating,
    role.payer_name,
    role.habits,
    role.n IS NOT NULL AS is_character
FROM sized
LEFT JOIN persona AS role ON sized.n = role.n
