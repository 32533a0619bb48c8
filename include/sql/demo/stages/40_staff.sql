-- Everybody who works for the sellers. One row per person; rep_no is the number of a rep within the company.
-- About forty accounts to a rep; at least five reps each, of whom the fourth has left.
WITH head AS (
    SELECT
        party.company_id,
        party.locale,
        party.domain,
        GREATEST(
            5, CAST(ROUND(GETVARIABLE('accounts') * IF(party.company_id = 'HD', 0.6, 0.4) / 40) AS INTEGER) + 1
        ) AS reps
    FROM party
),

post AS (
    SELECT
        *,
        'rep' AS role,
        UNNEST(RANGE(1, reps + 1)) AS no
    FROM head
    UNION ALL
    SELECT
        *,
        'manager' AS role,
        UNNEST(RANGE(0, 1 + CAST(CEIL(reps / 8) AS INTEGER))) AS no
    FROM head
    UNION ALL
    SELECT
        *,
        'finance' AS role,
        UNNEST(RANGE(1, 3)) AS no
    FROM head
    UNION ALL
    SELECT
        *,
        'legal' AS role,
        UNNEST(RANGE(1, 2)) AS no
    FROM head
),

person AS (
    SELECT
        *,
        UPPER(role[1]) || PADDED(no, IF(role = 'rep', 4, 2)) AS tag,
        PICK(FAMILY_NAMES(), U(company_id || role || no, 'family')) AS family,
        PICK(GIVEN_NAMES(), U(company_id || role || no, 'given')) AS given,
        PICK(FIRST_NAMES(), U(company_id || role || no, 'first')) AS first,
        PICK(LAST_NAMES(), U(company_id || role || no, 'last')) AS last
    FROM post
)

SELECT
    company_id,
    company_id || '-' || tag AS rep_id,
    IF(role = 'rep', no, NULL) AS rep_no,
    reps,
    IF(locale = 'zh_CN', PART(family, 1) || PART(given, 1), first || ' ' || last) AS name,
    IF(locale = 'zh_CN', PART(given, 2) || '.' || PART(family, 2), LOWER(first) || '.' || LOWER(last))
    || '.' || LOWER(tag) || '@' || domain AS email,
    -- The third rep of each company looks after customers abroad.
    CASE WHEN role = 'rep' AND no = 3 THEN IF(locale = 'en', 'zh_CN', 'en') ELSE locale END AS locale,
    CASE
        WHEN role = 'rep' THEN company_id || '-M' || PADDED(1 + (no - 1) // 8, 2)
        WHEN role = 'manager' AND no = 0 THEN NULL
        ELSE company_id || '-M00'
    END AS manager_id,
    role,
    CASE role WHEN 'rep' THEN WHOLE(12, 25, U(company_id || no, 'capacity')) WHEN 'manager' THEN 10 END
        AS daily_capacity,
    NOT(role = 'rep' AND no = 4) AS is_active
FROM person
