-- The grades of the account's policy by score, the best first.
SELECT
    g.grade,
    g.over,
    g.up_to
FROM policy.grade AS g
INNER JOIN account_scope AS s ON g.variant = s.variant
ORDER BY g.over NULLS FIRST
