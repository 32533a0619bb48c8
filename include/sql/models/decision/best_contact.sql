-- One row per account and purpose of a talk: the person to speak to (找谁谈), by role, the policy's first choice first;
-- null where the ledger names nobody. Of several in one role: who has a telephone number, then who has an address, then
-- the smallest contact_id, so that it is the same person every night.
-- materialise: table
WITH person AS (
    SELECT
        company_id,
        account_id,
        role,
        contact_id,
        ROW_NUMBER() OVER (
            PARTITION BY company_id, account_id, role
            ORDER BY phone IS NULL ASC, email IS NULL ASC, contact_id ASC
        ) AS place
    FROM ledger.contact
),

choice AS (
    SELECT
        k.company_id,
        k.account_id,
        s.purpose,
        MIN(s.place) AS place
    FROM person AS k
    INNER JOIN policy.speak_to AS s ON k.role = s.role
    WHERE k.place = 1
    GROUP BY k.company_id, k.account_id, s.purpose
)

SELECT
    a.company_id,
    a.account_id,
    p.purpose,
    k.contact_id,
    k.role,
    COALESCE(c.place = 1, FALSE) AS is_first_choice
FROM ledger.account AS a
CROSS JOIN (
    SELECT DISTINCT purpose
    FROM policy.speak_to
) AS p
LEFT JOIN choice AS c
    ON a.company_id = c.company_id AND a.account_id = c.account_id AND p.purpose = c.purpose
LEFT JOIN policy.speak_to AS s ON c.purpose = s.purpose AND c.place = s.place
LEFT JOIN person AS k
    ON a.company_id = k.company_id AND a.account_id = k.account_id AND s.role = k.role AND k.place = 1
