-- The notices of the account's policy, in their order.
SELECT
    n.place,
    n.notice,
    n.from_days,
    n.wait_days
FROM policy.notice AS n
INNER JOIN account_scope AS s ON n.variant = s.variant
ORDER BY n.place
