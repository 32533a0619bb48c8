-- A frame contract per customer and calendar year, for those who have one. Accepted in spring.
WITH frame AS (
    SELECT
        customer.*,
        unnest(range(year(getvariable('start') - 3), year(getvariable('through')) + 1)) AS of_year
    FROM customer
    WHERE has_contract(n)
)

SELECT
    company_id,
    contract_id(account_id, of_year) AS contract_id,
    account_id,
    CASE WHEN locale = 'zh_CN' THEN of_year || '年度框架采购' ELSE 'Supply agreement ' || of_year END AS project,
    part(pick(goods(), u(n, 'goods')), if(locale = 'zh_CN', 1, 2)) AS specification,
    CAST(whole(10, 800, u(n, 'quantity')) AS DECIMAL(18, 4)) AS quantity,
    money(100000 * CAST(ceil(monthly_cents * 12 / 100000) AS BIGINT)) AS amount,
    make_date(of_year - 1, 12, whole(1, 28, u(n * 100 + of_year, 'signed'))) AS signed_on,
    CASE WHEN u(n, 'criteria') < 0.7
        THEN if(locale = 'zh_CN', '到货七日内按图纸与技术协议验收', 'To drawing and data sheet within seven days of delivery')
    END AS acceptance_criteria,
    CASE WHEN u(n, 'criteria') < 0.7 THEN if(locale = 'zh_CN', '双方签字验收单', 'Signed acceptance certificate') END
        AS acceptance_method,
    CASE
        WHEN u(n * 100 + of_year, 'accepted') < 0.7
            AND make_date(of_year, 3, 1) + whole(0, 60, u(n, 'accepted on')) <= getvariable('through')
            THEN make_date(of_year, 3, 1) + whole(0, 60, u(n, 'accepted on'))
    END AS accepted_on,
    if(locale = 'zh_CN', pick(['电汇', '电汇', '银行承兑汇票'], u(n, 'how')), 'Bank transfer') AS payment_method,
    CASE pick([1, 1, 2, 3], u(n, 'trigger'))
        WHEN 1 THEN if(locale = 'zh_CN', '开票后' || terms || '天', terms || ' days after invoice')
        WHEN 2 THEN if(locale = 'zh_CN', '验收合格后付款', 'On acceptance')
        ELSE if(locale = 'zh_CN', '按进度节点付款', 'By milestone')
    END AS demand_trigger
FROM frame
