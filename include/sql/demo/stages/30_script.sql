-- The script: what a character is invoiced, month after month, and what comes of it. One row per (n, slot).
-- every, phase: in months whose number + phase divides by every. first_index, last_index: months of the history
-- (0 = first).
-- pay_after: days after due, empty = never; pay_share: part paid then; rest_after: days until the rest, empty = never.
-- dispute_share: disputed part (1 = all), opened dispute_after days after issue, resolved resolve_after days later.
-- promise: kept, partly, broken or withdrawn. amounts in cents vary by a tenth.
WITH entry (
    n, slot, every, phase, first_index, last_index, day, kind, currency, cents, terms, plan, pay_after,
    pay_share, rest_after, dispute_share, dispute_after, resolve_after, promise
) AS (
    VALUES
    (1, 501, 1, 0, 0, 999, 8, 'invoice', 'CNY', 18640000, 60, 'single', 94, 1.0, NULL, NULL, NULL, NULL, 'kept'),
    (2, 501, 3, 0, 0, 999, 12, 'invoice', 'CNY', 26500000, 45, 'single', 1, 1.0, NULL, NULL, NULL, NULL, NULL),
    (2, 502, 3, 1, 0, 999, 12, 'invoice', 'CNY', 31200000, 45, 'single', 118, 1.0, NULL, NULL, NULL, NULL, 'broken'),
    (2, 503, 3, 2, 0, 999, 12, 'invoice', 'USD', 3980000, 45, 'single', 21, 0.5, 76, NULL, NULL, NULL, 'partly'),
    (3, 501, 2, 0, 0, 999, 20, 'invoice', 'CNY', 19200000, 90, 'single', 0, 1.0, NULL, NULL, NULL, NULL, NULL),
    (4, 501, 1, 0, 0, 9, 15, 'invoice', 'CNY', 8800000, 60, 'single', 26, 1.0, NULL, NULL, NULL, NULL, NULL),
    (4, 502, 1, 0, 10, 17, 15, 'invoice', 'CNY', 8800000, 60, 'single', NULL, 1.0, NULL, NULL, NULL, NULL, 'broken'),
    (5, 501, 2, 0, 0, 999, 6, 'invoice', 'CNY', 16800000, 60, 'single', 9, 1.0, NULL, 0.35, 40, 75, NULL),
    (5, 502, 2, 1, 0, 999, 6, 'invoice', 'CNY', 14800000, 60, 'single', 12, 1.0, NULL, NULL, NULL, NULL, NULL),
    (5, 503, 4, 1, 0, 999, 18, 'invoice', 'CNY', 4200000, 60, 'single', 12, 1.0, NULL, 1.0, 12, 210, NULL),
    (6, 501, 1, 0, 0, 999, 3, 'invoice', 'CNY', 12400000, 45, 'single', 88, 0.3, 70, NULL, NULL, NULL, 'broken'),
    (7, 501, 3, 0, 0, 999, 10, 'invoice', 'CNY', 192000000, 30, 'milestone', 2, 1.0, NULL, NULL, NULL, NULL, NULL),
    (7, 502, 6, 2, 0, 999, 24, 'invoice', 'CNY', 86000000, 30, 'project', 1, 1.0, NULL, NULL, NULL, NULL, NULL),
    (8, 501, 1, 0, 0, 999, 11, 'invoice', 'CNY', 7200000, 30, 'single', 8, 1.0, NULL, NULL, NULL, NULL, NULL),
    (9, 501, 3, 0, 0, 999, 14, 'invoice', 'CNY', 4100000, 30, 'single', -3, 1.0, NULL, NULL, NULL, NULL, NULL),
    (10, 501, 1, 0, 3, 15, 9, 'invoice', 'CNY', 5600000, 30, 'single', NULL, 1.0, NULL, NULL, NULL, NULL, 'broken'),
    (11, 501, 1, 0, 0, 999, 16, 'invoice', 'CNY', 21000000, 60, 'single', 14, 1.0, NULL, NULL, NULL, NULL, NULL),
    (12, 501, 1, 0, 0, 999, 16, 'invoice', 'GBP', 2600000, 45, 'single', 33, 1.0, NULL, NULL, NULL, NULL, 'kept'),
    (13, 501, 2, 1, 0, 999, 5, 'invoice', 'GBP', 1800000, 30, 'single', 0, 1.0, NULL, NULL, NULL, NULL, NULL),
    (14, 501, 1, 0, 0, 999, 7, 'invoice', 'GBP', 3100000, 60, 'single', 103, 0.6, 41, NULL, NULL, NULL, 'broken'),
    (14, 502, 6, 3, 0, 999, 21, 'debit_note', 'GBP', 145000, 30, 'single', 120, 1.0, NULL, NULL, NULL, NULL, NULL),
    (15, 501, 1, 0, 0, 999, 2, 'invoice', 'GBP', 1400000, 30, 'single', 24, 1.0, NULL, NULL, NULL, NULL, 'kept'),
    (16, 501, 1, 0, 0, 999, 19, 'invoice', 'GBP', 1150000, 45, 'single', 62, 1.0, NULL, NULL, NULL, NULL, NULL),
    (17, 501, 2, 0, 0, 999, 13, 'invoice', 'GBP', 1280000, 45, 'single', 47, 0.5, NULL, NULL, NULL, NULL, 'partly'),
    (18, 501, 1, 0, 0, 999, 4, 'invoice', 'GBP', 7800000, 60, 'single', 17, 1.0, NULL, NULL, NULL, NULL, NULL),
    (18, 502, 2, 0, 0, 999, 23, 'invoice', 'USD', 9400000, 60, 'monthly3', 22, 1.0, NULL, NULL, NULL, NULL, NULL)
)

SELECT
    n,
    slot,
    every,
    phase,
    first_index,
    last_index,
    day,
    kind,
    currency,
    cents,
    terms,
    plan,
    pay_after,
    pay_share,
    rest_after,
    dispute_share,
    dispute_after,
    resolve_after,
    promise
FROM entry
