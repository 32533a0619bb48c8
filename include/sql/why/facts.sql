-- All facts of the account, in one row; empty is unknown.
SELECT
    f.*,
    g.grade_worsened_times
FROM account_fact AS f
INNER JOIN account_grade AS g ON f.company_id = g.company_id AND f.account_id = g.account_id
