-- Why: one row per reason that only one side gives for the first accounts of moved_account, on the night that it shows.
-- Tasks are left out: their points follow from the stage and the sanctions, which are here.
WITH shown AS (
    SELECT
        company_id,
        account_id,
        shown_on
    FROM moved_account
    WHERE place <= 25
),

reason_a AS (
    SELECT
        r.business_date,
        r.company_id,
        r.account_id,
        r.decision,
        r.rule_id,
        CAST(r.inputs AS VARCHAR) AS inputs,
        r.threshold,
        r.outcome
    FROM a.decision_reason AS r
    INNER JOIN shown AS s
        ON r.business_date = s.shown_on AND r.company_id = s.company_id AND r.account_id = s.account_id
    WHERE r.decision NOT LIKE 'task:%'
),

reason_b AS (
    SELECT
        r.business_date,
        r.company_id,
        r.account_id,
        r.decision,
        r.rule_id,
        CAST(r.inputs AS VARCHAR) AS inputs,
        r.threshold,
        r.outcome
    FROM b.decision_reason AS r
    INNER JOIN shown AS s
        ON r.business_date = s.shown_on AND r.company_id = s.company_id AND r.account_id = s.account_id
    WHERE r.decision NOT LIKE 'task:%'
)

SELECT
    'a' AS side,
    only_a.*
FROM (
    SELECT * FROM reason_a
    EXCEPT
    SELECT * FROM reason_b
) AS only_a
UNION ALL
SELECT
    'b' AS side,
    only_b.*
FROM (
    SELECT * FROM reason_b
    EXCEPT
    SELECT * FROM reason_a
) AS only_b
