-- Ways to split a document into instalments, in ten-thousandths of the amount, summed up. One row per (plan, seq).
-- "single" is one due date and no instalment row; the last part of "milestone" and "project" is retention money (质保金).
WITH entry (
    plan, seq, share_before, share_through, days_later, is_retention
) AS (
    VALUES
    ('single', 1, 0, 10000, 0, false),
    ('halves', 1, 0, 5000, 0, false),
    ('halves', 2, 5000, 10000, 30, false),
    ('monthly3', 1, 0, 3333, 0, false),
    ('monthly3', 2, 3333, 6666, 30, false),
    ('monthly3', 3, 6666, 10000, 60, false),
    ('monthly5', 1, 0, 2000, 0, false),
    ('monthly5', 2, 2000, 4000, 30, false),
    ('monthly5', 3, 4000, 6000, 61, false),
    ('monthly5', 4, 6000, 8000, 91, false),
    ('monthly5', 5, 8000, 10000, 122, false),
    ('monthly6', 1, 0, 1667, 0, false),
    ('monthly6', 2, 1667, 3333, 30, false),
    ('monthly6', 3, 3333, 5000, 61, false),
    ('monthly6', 4, 5000, 6667, 91, false),
    ('monthly6', 5, 6667, 8333, 122, false),
    ('monthly6', 6, 8333, 10000, 152, false),
    ('milestone', 1, 0, 3000, 0, false),
    ('milestone', 2, 3000, 7000, 45, false),
    ('milestone', 3, 7000, 9500, 90, false),
    ('milestone', 4, 9500, 10000, 365, true),
    ('project', 1, 0, 9000, 0, false),
    ('project', 2, 9000, 10000, 365, true)
)

SELECT
    plan,
    seq,
    share_before,
    share_through,
    days_later,
    is_retention
FROM entry
