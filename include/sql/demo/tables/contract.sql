-- A frame contract per customer and calendar year, for those who have one. Accepted in spring.
WITH frame AS (
    SELECT
        *,
        UNNEST(RANGE(YEAR(GETVARIABLE('start') - 3), YEAR(GETVARIABLE('through')) + 1)) AS of_year
    FROM customer
    WHERE HAS_CONTRACT(n)
)

SELECT
    company_id,
    CONTRACT_ID(account_id, of_year) AS contract_id,
    account_id,
    CASE WHEN locale = 'zh_CN' THEN of_year || '年度框架采购' ELSE 'Supply agreement ' || of_year END AS project,
    PART(PICK(GOODS(), U(n, 'goods')), IF(locale = 'zh_CN', 1, 2)) AS specification,
    CAST(WHOLE(10, 800, U(n, 'quantity')) AS DECIMAL(18, 4)) AS quantity,
    MONEY(100000 * CAST(CEIL(monthly_cents * 12 / 100000) AS BIGINT)) AS amount,
    MAKE_DATE(of_year - 1, 12, WHOLE(1, 28, U(n * 100 + of_year, 'signed'))) AS signed_on,
    CASE
        WHEN U(n, 'criteria') < 0.7
            THEN IF(locale = 'zh_CN', '到货七日内按图纸与技术协议验收', 'To drawing and data sheet within seven days of delivery')
    END AS acceptance_criteria,
    CASE WHEN U(n, 'criteria') < 0.7 THEN IF(locale = 'zh_CN', '双方签字验收单', 'Signed acceptance certificate') END
        AS acceptance_method,
    CASE
        WHEN
            U(n * 100 + of_year, 'accepted') < 0.7
            AND MAKE_DATE(of_year, 3, 1) + WHOLE(0, 60, U(n, 'accepted on')) <= GETVARIABLE('through')
            THEN MAKE_DATE(of_year, 3, 1) + WHOLE(0, 60, U(n, 'accepted on'))
    END AS accepted_on,
    IF(locale = 'zh_CN', PICK(['电汇', '电汇', '银行承兑汇票'], U(n, 'how')), 'Bank transfer') AS payment_method,
    CASE PICK([1, 1, 2, 3], U(n, 'trigger'))
        WHEN 1 THEN IF(locale = 'zh_CN', '开票后' || terms || '天', terms || ' days after invoice')
        WHEN 2 THEN IF(locale = 'zh_CN', '验收合格后付款', 'On acceptance')
        ELSE IF(locale = 'zh_CN', '按进度节点付款', 'By milestone')
    END AS demand_trigger
FROM frame
