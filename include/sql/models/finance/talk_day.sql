-- One row per account and local day on which somebody tried to speak to it: tries, and talks that reached somebody. A
-- letter or a message is neither (model account_touch).
-- materialise: table
WITH contact AS (
    SELECT
        l.company_id,
        l.account_id,
        l.contacted_on AS on_date,
        COALESCE(u.meaning, 'talk') AS meaning
    FROM dated_contact AS l
    LEFT JOIN policy.contact_outcome AS u ON l.outcome = u.outcome AND u.meaning IN ('unanswered', 'delivered')
)

SELECT
    company_id,
    account_id,
    on_date,
    COUNT(*) AS tries,
    COUNT(*) FILTER (WHERE meaning = 'talk') AS talks
FROM contact
WHERE meaning <> 'delivered'
GROUP BY company_id, account_id, on_date
