-- What the characters say on the phone, on the same day of a month. One row per (n, day).
WITH entry (
    n, every, phase, day, outcome, reason_code, note
) AS (
    VALUES
    (1, 1, 0, 12, 'spoke', 'customer_habit', '顾会计：付款批次只排三个月前的发票，这次也一样。'),
    (2, 3, 1, 17, 'spoke', 'loose_terms', '陆总：这批货还没卖完，卖完就打款。'),
    (3, 2, 1, 21, 'spoke', 'market_policy', '郑科长：资料齐了，等财政批复预算，七月统一支付。'),
    (4, 6, 2, 14, 'refused', 'legacy_issue', '已进入破产程序，唐律师要求书面申报债权。'),
    (5, 2, 0, 19, 'disputed', 'product', '曹工：控制柜噪声超标，检测报告已发邮箱，未争议部分照付。'),
    (6, 1, 0, 24, 'promised', 'customer_habit', '彭经理：下周一定付！（上次也是这么说的）'),
    (7, 3, 0, 16, 'spoke', NULL, '萧经理：进度款已排25日；质保金到期前一个月请先发函。'),
    (8, 1, 0, 9, 'spoke', 'service', '吕会计：返利红字发票一直没抵，先抵了再付。'),
    (9, 3, 1, 8, 'spoke', NULL, '何主任：本月照常预付。'),
    (10, 1, 0, 11, 'no_answer', 'customer_habit', '三次无人接听，前台说罗总不在。'),
    (11, 2, 0, 18, 'spoke', NULL, '沈总监：总部双周审批，赶得上下一批。'),
    (12, 2, 0, 18, 'spoke', NULL, 'Head office has it in the next approval round.'),
    (13, 2, 0, 20, 'spoke', 'market_policy', 'Approved for the new budget year; nothing can move before April.'),
    (14, 1, 0, 10, 'spoke', 'product', 'Mr Quayle: a gasket leaked, the bank is slow. Nothing in writing.'),
    (15, 1, 0, 6, 'spoke', NULL, 'Megan: it is in the run of the 26th.'),
    (16, 2, 1, 13, 'wrong_person', NULL, 'Asked who looks after them now; we could not say.'),
    (17, 3, 0, 22, 'spoke', 'service', 'Says the old rep agreed to half. Nothing on file.'),
    (18, 1, 0, 9, 'spoke', 'loose_terms', 'Not released by the contract manager; the amount is agreed.')
)

SELECT
    n,
    every,
    phase,
    day,
    outcome,
    reason_code,
    note
FROM entry
