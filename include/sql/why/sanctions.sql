-- The sanctions of the account's policy in their order, and whether its segment is exempt.
SELECT
    p.place,
    p.flag,
    p.wait_days,
    p.levels_up,
    x.flag IS NOT NULL AS is_exempt
FROM policy.sanction AS p
INNER JOIN account_scope AS s ON p.variant = s.variant
LEFT JOIN policy.exemption AS x ON s.variant = x.variant AND s.segment = x.segment AND p.flag = x.flag
ORDER BY p.place
