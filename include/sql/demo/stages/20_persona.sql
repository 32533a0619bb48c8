-- The characters: customers whose story is written by hand, so that a mail of the demo tells something.
-- One row per character, numbers 1 … 18; what they buy and how they pay stands in 30_script.sql.
-- monthly_cents: their usual business of a month. limit_cents: empty = no limit, 0 = blocked.
-- noqa: disable=LT02,LT05
WITH entry (
    n, company_id, account_id, name, segment, orientation, rep_no, currency, behaviour, terms, status,
    limit_cents, credit_rating, monthly_cents, payer_name, habits
) AS (
    VALUES
    -- 久拖不决 drags on: every invoice is paid in full, about a quarter late.
    (1, 'HD', 'C1000001', '苏州砚衡精密机械有限公司', 'key', 'passive', 1, 'CNY', 'drags', 60, 'active', 60000000, 'BBB',
    18640000, '顾晓燕', '每周四付款批次；上午十点前电话'),
    -- 一波三折 erratic: one on time, the next after four months, the third in two halves.
    (2, 'HD', 'C1000002', '宁波翎舟国际贸易有限公司', 'standard', 'sales_led', 1, 'CNY', 'erratic', 45, 'active', 90000000, 'BB',
    24000000, '陆俊杰', '月中最忙，月底好找人'),
    -- 政府客户 government: good for the money, which comes with the budget of July.
    (3, 'HD', 'C1000003', '云溪市水务局', 'government', 'passive', 2, 'CNY', 'budget', 90, 'active', NULL, 'AA',
    9600000, '财务科 郑立新', '预算批复后统一支付；需盖章验收单'),
    -- 破产 insolvent: nothing more to be expected from reminders.
    (4, 'HD', 'C1000004', '无锡禾砾金属制品有限公司', 'standard', 'passive', 2, 'CNY', 'never', 60, 'insolvent', 0, 'D',
    8800000, '管理人 唐律师', '仅接受书面债权申报'),
    -- 争议 disputing: every other delivery has a quality complaint about a part of it.
    (5, 'HD', 'C1000005', '合肥澄屿自动化设备有限公司', 'key', 'collection_led', 1, 'CNY', 'late', 60, 'active', 80000000, 'A',
    15800000, '曹佳宁', '质量问题须附检测报告'),
    -- 承诺不兑现 breaks promises: friendly on the phone, nothing on the account.
    (6, 'HD', 'C1000006', '武汉霁川建材有限公司', 'standard', 'sales_led', 1, 'CNY', 'drags', 45, 'active', 40000000, 'B',
    12400000, '彭海涛', '下午两点后在办公室'),
    -- 质保金 retention: a project customer, strategic, pays well and keeps the last five per cent for a year.
    (7, 'HD', 'C1000007', '杭州沐岚轨道交通工程有限公司', 'strategic', 'strategic', 2, 'CNY', 'prompt', 30, 'active', NULL, 'AAA',
    64000000, '萧婉清', '每月25日付款；发票须注明项目编号'),
    -- 未核销返利 free credit: rebates that nobody has applied to an invoice yet.
    (8, 'HD', 'C1000008', '青岛珩远食品有限公司', 'standard', 'collection_led', 2, 'CNY', 'late', 30, 'active', 30000000, 'A',
    7200000, '吕红霞', '每月15日付款'),
    -- 预收 credit balance: pays in advance, so that we owe the customer.
    (9, 'HD', 'C1000009', '成都栎辰医疗器械有限公司', 'standard', 'collection_led', 3, 'CNY', 'prompt', 30, 'active', 20000000, 'AA',
    4100000, '何慧敏', '预付为主'),
    -- 根本不回款 never pays: an excuse for each call; blocked.
    (10, 'HD', 'C1000010', '佛山昱铭陶瓷建材有限公司', 'standard', 'passive', 3, 'CNY', 'never', 30, 'active', 0, 'C',
    5600000, '罗德胜', '换号频繁'),
    -- One group, one customer number in both companies: company_id is part of the key.
    (11, 'HD', 'C9000001', '博衍科技(中国)有限公司', 'key', 'collection_led', 2, 'CNY', 'late', 60, 'active', 120000000, 'A',
    21000000, '沈静', '总部审批，双周付款'),
    (12, 'NG', 'C9000001', 'Boyan Technology (UK) Ltd', 'key', 'collection_led', 1, 'GBP', 'late', 45, 'active', 15000000,
    'A', 2600000, 'Wen Shen', 'Approval by head office; pays every other week'),
    (13, 'NG', 'C6000013', 'Fenmoor Borough Council', 'government', 'passive', 1, 'GBP', 'budget', 30, 'active', NULL, 'AA',
    900000, 'Accounts Payable', 'Purchase order number on every invoice'),
    -- Endless excuses 饱受折磨.
    (14, 'NG', 'C6000014', 'Harrowgate Marine Fabrication Ltd', 'key', 'passive', 1, 'GBP', 'drags', 60, 'active', 9000000,
    'BB', 3100000, 'Trevor Quayle', 'Mornings; never on a Friday'),
    (15, 'NG', 'C6000015', 'Alderbrook Foods Ltd', 'standard', 'collection_led', 1, 'GBP', 'late', 30, 'active', 6000000, 'A',
    1400000, 'Megan Pugh', 'Keeps her word; mail first'),
    -- Nobody is in charge.
    (16, 'NG', 'C6000016', 'Pikestone Logistics Ltd', 'standard', 'sales_led', NULL, 'GBP', 'drags', 45, 'active', 4000000,
    'BBB', 1150000, 'Simon Vickers', NULL),
    -- The rep has left, and so has an old part of the debt: written off.
    (17, 'NG', 'C6000017', 'Tarnwell Interiors Ltd', 'standard', 'passive', 4, 'GBP', 'erratic', 45, 'active', 2500000, 'B',
    640000, 'Joanna Ingram', NULL),
    -- Strategic, in two currencies, over a tight limit.
    (18, 'NG', 'C6000018', 'Quillbridge Energy plc', 'strategic', 'strategic', 2, 'GBP', 'late', 60, 'active', 12000000, 'AA',
    7800000, 'Eleanor Rowntree', 'Pays on the 25th; contract manager must release')
)

SELECT
    n,
    company_id,
    account_id,
    name,
    segment,
    orientation,
    rep_no,
    currency,
    behaviour,
    terms,
    status,
    limit_cents,
    credit_rating,
    monthly_cents,
    payer_name,
    habits
FROM entry
