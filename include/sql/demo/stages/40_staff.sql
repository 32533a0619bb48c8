-- Everybody who works for the sellers. One row per person; rep_no is the number of a rep within the company.
-- About forty accounts to a rep; at least five reps each, of whom the fourth has left.
WITH head AS (
    SELECT
        party.company_id,
        party.locale,
        party.domain,
        greatest(
            5, CAST(round(getvariable('accounts') * if(party.company_id = 'HD', 0.6, 0.4) / 40) AS INTEGER) + 1
        ) AS reps
    FROM party
),

post AS (
    SELECT
        head.*,
        'rep' AS role,
        unnest(range(1, reps + 1)) AS no
    FROM head
    UNION ALL
    SELECT
        head.*,
        'manager' AS role,
        unnest(range(0, 1 + CAST(ceil(reps / 8) AS INTEGER))) AS no
    FROM head
    UNION ALL
    SELECT
        head.*,
        'finance' AS role,
        unnest(range(1, 3)) AS no
    FROM head
    UNION ALL
    SELECT
        head.*,
        'legal' AS role,
        unnest(range(1, 2)) AS no
    FROM head
),

person AS (
    SELECT
        *,
        upper(role[1]) || lpad(CAST(no AS VARCHAR), if(role = 'rep', 4, 2), '0') AS tag,
        pick(family_names(), u(company_id || role || no, 'family')) AS family,
        pick(given_names(), u(company_id || role || no, 'given')) AS given,
        pick(first_names(), u(company_id || role || no, 'first')) AS first,
        pick(last_names(), u(company_id || role || no, 'last')) AS last
    FROM post
)

SELECT
    company_id,
    company_id || '-' || tag AS rep_id,
    if(role = 'rep', no, NULL) AS rep_no,
    reps,
    if(locale = 'zh_CN', part(family, 1) || part(given, 1), first || ' ' || last) AS name,
    if(locale = 'zh_CN', part(given, 2) || '.' || part(family, 2), lower(first) || '.' || lower(last))
    || '.' || lower(tag) || '@' || domain AS email,
    -- The third rep of each company looks after customers abroad.
    CASE WHEN role = 'rep' AND no = 3 THEN if(locale = 'en', 'zh_CN', 'en') ELSE locale END AS locale,
    CASE
        WHEN role = 'rep' THEN company_id || '-M' || lpad(CAST(1 + (no - 1) // 8 AS VARCHAR), 2, '0')
        WHEN role = 'manager' AND no = 0 THEN NULL
        ELSE company_id || '-M00'
    END AS manager_id,
    role,
    CASE role WHEN 'rep' THEN whole(12, 25, u(company_id || no, 'capacity')) WHEN 'manager' THEN 10 END
        AS daily_capacity,
    NOT (role = 'rep' AND no = 4) AS is_active
FROM person
