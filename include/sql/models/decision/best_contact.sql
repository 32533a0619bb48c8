-- One row per account and purpose of a talk: the person to speak to (找谁谈), by role, the policy's first choice first;
-- null where the ledger names nobody. Of several in one role: who has a telephone number, then who has an address, then
-- the smallest contact_id, so that it is the same person every night.
-- materialise: table
WITH purpose AS (
    SELECT DISTINCT purpose
    FROM policy.speak_to
),

choice AS (
    SELECT
        k.company_id,
        k.account_id,
        s.purpose,
        k.contact_id,
        k.role,
        s.place = 1 AS is_first_choice,
        ROW_NUMBER() OVER (
            PARTITION BY k.company_id, k.account_id, s.purpose
            ORDER BY s.place ASC, k.phone IS NULL ASC, k.email IS NULL ASC, k.contact_id ASC
        ) AS place
    FROM ledger.contact AS k
    INNER JOIN policy.speak_to AS s ON k.role = s.role
)

SELECT
    a.company_id,
    a.account_id,
    p.purpose,
    c.contact_id,
    c.role,
    COALESCE(c.is_first_choice, FALSE) AS is_first_choice
FROM ledger.account AS a
CROSS JOIN purpose AS p
LEFT JOIN choice AS c
    ON a.company_id = c.company_id AND a.account_id = c.account_id AND p.purpose = c.purpose AND c.place = 1
