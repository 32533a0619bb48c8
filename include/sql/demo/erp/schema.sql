-- A foreign ERP as one meets it: its own names, states as numbers, dates as text, red-letter amounts, no keys declared.
CREATE SCHEMA erp;
COMMENT ON SCHEMA erp IS 'Huikuan demo ERP';

CREATE TABLE erp.org_company (
    org_code varchar(8),
    org_name varchar(200),
    base_ccy varchar(3),
    tz_name varchar(40),
    cal_code varchar(8)
);
COMMENT ON TABLE erp.org_company IS '公司';
COMMENT ON COLUMN erp.org_company.org_code IS '公司代码';
COMMENT ON COLUMN erp.org_company.org_name IS '公司名称';
COMMENT ON COLUMN erp.org_company.base_ccy IS '本位币';
COMMENT ON COLUMN erp.org_company.tz_name IS '时区';
COMMENT ON COLUMN erp.org_company.cal_code IS '日历';

CREATE TABLE erp.sales_staff (
    staff_no varchar(20),
    staff_name varchar(100),
    mail_addr varchar(200),
    lang_flag smallint,
    leader_no varchar(20),
    post_type smallint,
    day_quota smallint,
    leave_flag smallint
);
COMMENT ON TABLE erp.sales_staff IS '业务及相关人员';
COMMENT ON COLUMN erp.sales_staff.staff_no IS '工号';
COMMENT ON COLUMN erp.sales_staff.staff_name IS '姓名';
COMMENT ON COLUMN erp.sales_staff.mail_addr IS '邮箱';
COMMENT ON COLUMN erp.sales_staff.lang_flag IS '语言：1 中文，2 英文';
COMMENT ON COLUMN erp.sales_staff.leader_no IS '上级工号';
COMMENT ON COLUMN erp.sales_staff.post_type IS '岗位：10 业务员，20 经理，30 财务，40 法务';
COMMENT ON COLUMN erp.sales_staff.day_quota IS '每日任务量';
COMMENT ON COLUMN erp.sales_staff.leave_flag IS '0 在职，1 离职';

CREATE TABLE erp.cust_master (
    org_code varchar(8),
    cust_no varchar(20),
    cust_name varchar(200),
    cust_grade smallint,
    sell_mode smallint,
    staff_no varchar(20),
    lang_flag smallint,
    group_cust_no varchar(20),
    credit_amt numeric(18, 2),
    credit_class varchar(8),
    country_code varchar(2),
    tax_no varchar(40),
    verify_date char(8),
    cust_state smallint,
    hold_until char(8),
    close_day smallint,
    transfer_days smallint,
    pay_day smallint,
    cust_flags integer,
    invoice_memo varchar(200)
);
COMMENT ON TABLE erp.cust_master IS '客户档案';
COMMENT ON COLUMN erp.cust_master.org_code IS '公司代码';
COMMENT ON COLUMN erp.cust_master.cust_no IS '客户编号';
COMMENT ON COLUMN erp.cust_master.cust_name IS '客户名称';
COMMENT ON COLUMN erp.cust_master.cust_grade IS '客户级别：1 普通，2 重点，3 战略，4 政府';
COMMENT ON COLUMN erp.cust_master.sell_mode IS '导向：1 消极，2 销货主导，3 回款主导，4 战略';
COMMENT ON COLUMN erp.cust_master.staff_no IS '业务员工号';
COMMENT ON COLUMN erp.cust_master.lang_flag IS '语言：1 中文，2 英文';
COMMENT ON COLUMN erp.cust_master.group_cust_no IS '集团母公司客户编号';
COMMENT ON COLUMN erp.cust_master.credit_amt IS '信用额度（本位币）；-1 不限额，0 停止赊销';
COMMENT ON COLUMN erp.cust_master.credit_class IS '信用等级';
COMMENT ON COLUMN erp.cust_master.country_code IS '国家';
COMMENT ON COLUMN erp.cust_master.tax_no IS '税号';
COMMENT ON COLUMN erp.cust_master.verify_date IS '身份核验日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.cust_master.cust_state IS '状态：1 正常，8 破产，9 关闭';
COMMENT ON COLUMN erp.cust_master.hold_until IS '此日前不联系，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.cust_master.close_day IS '关账日';
COMMENT ON COLUMN erp.cust_master.transfer_days IS '汇款在途天数';
COMMENT ON COLUMN erp.cust_master.pay_day IS '固定付款日；0 无';
COMMENT ON COLUMN erp.cust_master.cust_flags IS '标志位：4 需预算';
COMMENT ON COLUMN erp.cust_master.invoice_memo IS '开票要求';

CREATE TABLE erp.ar_invoice_h (
    org_code varchar(8),
    bill_no varchar(40),
    cust_no varchar(20),
    bill_type smallint,
    bill_date char(8),
    ccy_code char(3),
    bill_amt numeric(18, 2),
    due_date char(8),
    tax_bill_no varchar(40),
    contract_no varchar(40),
    red_of_bill varchar(40)
);
COMMENT ON TABLE erp.ar_invoice_h IS '应收单据头';
COMMENT ON COLUMN erp.ar_invoice_h.org_code IS '公司代码';
COMMENT ON COLUMN erp.ar_invoice_h.bill_no IS '单据号';
COMMENT ON COLUMN erp.ar_invoice_h.cust_no IS '客户编号';
COMMENT ON COLUMN erp.ar_invoice_h.bill_type IS '单据类型：10 发票，20 借项，30 红字，40 期初';
COMMENT ON COLUMN erp.ar_invoice_h.bill_date IS '开票日期，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_invoice_h.ccy_code IS '币种';
COMMENT ON COLUMN erp.ar_invoice_h.bill_amt IS '含税金额，红字为负';
COMMENT ON COLUMN erp.ar_invoice_h.due_date IS '到期日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_invoice_h.tax_bill_no IS '发票号码';
COMMENT ON COLUMN erp.ar_invoice_h.contract_no IS '合同编号';
COMMENT ON COLUMN erp.ar_invoice_h.red_of_bill IS '红冲的单据号';

CREATE TABLE erp.ar_invoice_term (
    org_code varchar(8),
    bill_no varchar(40),
    term_no smallint,
    term_date char(8),
    term_amt numeric(18, 2),
    retention_flag smallint
);
COMMENT ON TABLE erp.ar_invoice_term IS '应收分期';
COMMENT ON COLUMN erp.ar_invoice_term.org_code IS '公司代码';
COMMENT ON COLUMN erp.ar_invoice_term.bill_no IS '单据号';
COMMENT ON COLUMN erp.ar_invoice_term.term_no IS '期次';
COMMENT ON COLUMN erp.ar_invoice_term.term_date IS '到期日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_invoice_term.term_amt IS '金额';
COMMENT ON COLUMN erp.ar_invoice_term.retention_flag IS '1 质保金';

CREATE TABLE erp.bank_receipt (
    org_code varchar(8),
    receipt_no varchar(40),
    cust_no varchar(20),
    value_date timestamp,
    ccy_code char(3),
    receipt_amt numeric(18, 2),
    settle_type smallint
);
COMMENT ON TABLE erp.bank_receipt IS '银行收款';
COMMENT ON COLUMN erp.bank_receipt.org_code IS '公司代码';
COMMENT ON COLUMN erp.bank_receipt.receipt_no IS '收款单号';
COMMENT ON COLUMN erp.bank_receipt.cust_no IS '客户编号';
COMMENT ON COLUMN erp.bank_receipt.value_date IS '到账时间';
COMMENT ON COLUMN erp.bank_receipt.ccy_code IS '币种';
COMMENT ON COLUMN erp.bank_receipt.receipt_amt IS '金额';
COMMENT ON COLUMN erp.bank_receipt.settle_type IS '结算方式：1 现金，2 电汇，3 第三方，4 票据，9 其他';

CREATE TABLE erp.ar_clear (
    org_code varchar(8),
    clear_no varchar(60),
    clear_type smallint,
    from_no varchar(60),
    bill_no varchar(40),
    clear_amt numeric(18, 2),
    clear_date char(8),
    term_no smallint
);
COMMENT ON TABLE erp.ar_clear IS '核销明细';
COMMENT ON COLUMN erp.ar_clear.org_code IS '公司代码';
COMMENT ON COLUMN erp.ar_clear.clear_no IS '核销号';
COMMENT ON COLUMN erp.ar_clear.clear_type IS '来源：1 收款，2 红字，3 坏账';
COMMENT ON COLUMN erp.ar_clear.from_no IS '来源单号';
COMMENT ON COLUMN erp.ar_clear.bill_no IS '单据号';
COMMENT ON COLUMN erp.ar_clear.clear_amt IS '金额';
COMMENT ON COLUMN erp.ar_clear.clear_date IS '核销日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_clear.term_no IS '期次；0 未指定';

CREATE TABLE erp.ar_dispute (
    org_code varchar(8),
    dispute_no varchar(60),
    bill_no varchar(40),
    open_date char(8),
    dispute_amt numeric(18, 2),
    reason_type varchar(40),
    staff_no varchar(20),
    limit_date char(8),
    close_date char(8)
);
COMMENT ON TABLE erp.ar_dispute IS '争议';
COMMENT ON COLUMN erp.ar_dispute.org_code IS '公司代码';
COMMENT ON COLUMN erp.ar_dispute.dispute_no IS '争议号';
COMMENT ON COLUMN erp.ar_dispute.bill_no IS '单据号';
COMMENT ON COLUMN erp.ar_dispute.open_date IS '提出日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_dispute.dispute_amt IS '争议金额；空为全部';
COMMENT ON COLUMN erp.ar_dispute.reason_type IS '原因';
COMMENT ON COLUMN erp.ar_dispute.staff_no IS '责任人';
COMMENT ON COLUMN erp.ar_dispute.limit_date IS '期限，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.ar_dispute.close_date IS '解决日，yyyymmdd，00000000 为空';

CREATE TABLE erp.pay_promise (
    org_code varchar(8),
    promise_no varchar(60),
    cust_no varchar(20),
    ccy_code char(3),
    promise_amt numeric(18, 2),
    made_date char(8),
    pay_date char(8),
    bill_no varchar(40),
    cancel_date char(8)
);
COMMENT ON TABLE erp.pay_promise IS '付款承诺';
COMMENT ON COLUMN erp.pay_promise.org_code IS '公司代码';
COMMENT ON COLUMN erp.pay_promise.promise_no IS '承诺号';
COMMENT ON COLUMN erp.pay_promise.cust_no IS '客户编号';
COMMENT ON COLUMN erp.pay_promise.ccy_code IS '币种';
COMMENT ON COLUMN erp.pay_promise.promise_amt IS '金额';
COMMENT ON COLUMN erp.pay_promise.made_date IS '承诺日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.pay_promise.pay_date IS '承诺付款日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.pay_promise.bill_no IS '单据号';
COMMENT ON COLUMN erp.pay_promise.cancel_date IS '撤回日，yyyymmdd，00000000 为空';

CREATE TABLE erp.cust_linkman (
    org_code varchar(8),
    linkman_no varchar(40),
    cust_no varchar(20),
    duty smallint,
    linkman_name varchar(100),
    mail_addr varchar(200),
    tel_no varchar(40),
    habit_memo varchar(200)
);
COMMENT ON TABLE erp.cust_linkman IS '客户联系人';
COMMENT ON COLUMN erp.cust_linkman.org_code IS '公司代码';
COMMENT ON COLUMN erp.cust_linkman.linkman_no IS '联系人号';
COMMENT ON COLUMN erp.cust_linkman.cust_no IS '客户编号';
COMMENT ON COLUMN erp.cust_linkman.duty IS '角色：1 决策，2 验收，3 付款，9 其他';
COMMENT ON COLUMN erp.cust_linkman.linkman_name IS '姓名';
COMMENT ON COLUMN erp.cust_linkman.mail_addr IS '邮箱';
COMMENT ON COLUMN erp.cust_linkman.tel_no IS '电话';
COMMENT ON COLUMN erp.cust_linkman.habit_memo IS '习惯';

CREATE TABLE erp.sales_contract (
    org_code varchar(8),
    contract_no varchar(40),
    cust_no varchar(20),
    project_name varchar(200),
    goods_spec varchar(200),
    goods_qty numeric(18, 4),
    contract_amt numeric(18, 2),
    sign_date char(8),
    accept_rule varchar(200),
    accept_way varchar(200),
    accept_date char(8),
    pay_way varchar(100),
    pay_cond varchar(100)
);
COMMENT ON TABLE erp.sales_contract IS '销售合同';
COMMENT ON COLUMN erp.sales_contract.org_code IS '公司代码';
COMMENT ON COLUMN erp.sales_contract.contract_no IS '合同编号';
COMMENT ON COLUMN erp.sales_contract.cust_no IS '客户编号';
COMMENT ON COLUMN erp.sales_contract.project_name IS '项目';
COMMENT ON COLUMN erp.sales_contract.goods_spec IS '品名规格';
COMMENT ON COLUMN erp.sales_contract.goods_qty IS '数量';
COMMENT ON COLUMN erp.sales_contract.contract_amt IS '金额';
COMMENT ON COLUMN erp.sales_contract.sign_date IS '签订日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.sales_contract.accept_rule IS '验收标准';
COMMENT ON COLUMN erp.sales_contract.accept_way IS '验收方式';
COMMENT ON COLUMN erp.sales_contract.accept_date IS '验收日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.sales_contract.pay_way IS '付款方式';
COMMENT ON COLUMN erp.sales_contract.pay_cond IS '付款条件';

CREATE TABLE erp.doc_archive (
    org_code varchar(8),
    archive_no varchar(60),
    cust_no varchar(20),
    archive_type smallint,
    archive_date char(8),
    bill_no varchar(40),
    file_path varchar(300)
);
COMMENT ON TABLE erp.doc_archive IS '档案';
COMMENT ON COLUMN erp.doc_archive.org_code IS '公司代码';
COMMENT ON COLUMN erp.doc_archive.archive_no IS '档案号';
COMMENT ON COLUMN erp.doc_archive.cust_no IS '客户编号';
COMMENT ON COLUMN erp.doc_archive.archive_type IS '类型：1 合同，2 送货单，3 验收单，4 税票，5 盖章对账单，6 往来函件，7 担保';
COMMENT ON COLUMN erp.doc_archive.archive_date IS '归档日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.doc_archive.bill_no IS '单据号';
COMMENT ON COLUMN erp.doc_archive.file_path IS '位置';

CREATE TABLE erp.visit_log (
    org_code varchar(8),
    visit_no varchar(60),
    cust_no varchar(20),
    visit_time timestamp,
    visit_way varchar(20),
    visit_result varchar(40),
    staff_no varchar(20),
    reason_type varchar(40),
    visit_memo text,
    next_date char(8)
);
COMMENT ON TABLE erp.visit_log IS '联系记录';
COMMENT ON COLUMN erp.visit_log.org_code IS '公司代码';
COMMENT ON COLUMN erp.visit_log.visit_no IS '记录号';
COMMENT ON COLUMN erp.visit_log.cust_no IS '客户编号';
COMMENT ON COLUMN erp.visit_log.visit_time IS '时间（北京时间）';
COMMENT ON COLUMN erp.visit_log.visit_way IS '方式';
COMMENT ON COLUMN erp.visit_log.visit_result IS '结果';
COMMENT ON COLUMN erp.visit_log.staff_no IS '工号';
COMMENT ON COLUMN erp.visit_log.reason_type IS '未付原因';
COMMENT ON COLUMN erp.visit_log.visit_memo IS '内容';
COMMENT ON COLUMN erp.visit_log.next_date IS '下次联系，yyyymmdd，00000000 为空';

CREATE TABLE erp.collect_plan (
    org_code varchar(8),
    plan_month char(6),
    cust_no varchar(20),
    ccy_code char(3),
    plan_amt numeric(18, 2),
    agree_flag smallint
);
COMMENT ON TABLE erp.collect_plan IS '回款计划';
COMMENT ON COLUMN erp.collect_plan.org_code IS '公司代码';
COMMENT ON COLUMN erp.collect_plan.plan_month IS '月份 yyyymm';
COMMENT ON COLUMN erp.collect_plan.cust_no IS '客户编号';
COMMENT ON COLUMN erp.collect_plan.ccy_code IS '币种';
COMMENT ON COLUMN erp.collect_plan.plan_amt IS '金额';
COMMENT ON COLUMN erp.collect_plan.agree_flag IS '1 客户已确认';

CREATE TABLE erp.collect_action (
    org_code varchar(8),
    action_no varchar(60),
    plan_month char(6),
    cust_no varchar(20),
    action_type varchar(40),
    expect_amt numeric(18, 2),
    ccy_code char(3),
    staff_no varchar(20),
    done_date char(8)
);
COMMENT ON TABLE erp.collect_action IS '回款措施';
COMMENT ON COLUMN erp.collect_action.org_code IS '公司代码';
COMMENT ON COLUMN erp.collect_action.action_no IS '措施号';
COMMENT ON COLUMN erp.collect_action.plan_month IS '月份 yyyymm';
COMMENT ON COLUMN erp.collect_action.cust_no IS '客户编号';
COMMENT ON COLUMN erp.collect_action.action_type IS '措施';
COMMENT ON COLUMN erp.collect_action.expect_amt IS '预计增收';
COMMENT ON COLUMN erp.collect_action.ccy_code IS '币种';
COMMENT ON COLUMN erp.collect_action.staff_no IS '责任人';
COMMENT ON COLUMN erp.collect_action.done_date IS '完成日，yyyymmdd，00000000 为空';

CREATE TABLE erp.staff_agent (
    staff_no varchar(20),
    agent_no varchar(20),
    begin_date char(8),
    end_date char(8)
);
COMMENT ON TABLE erp.staff_agent IS '代班';
COMMENT ON COLUMN erp.staff_agent.staff_no IS '缺勤人';
COMMENT ON COLUMN erp.staff_agent.agent_no IS '代班人';
COMMENT ON COLUMN erp.staff_agent.begin_date IS '开始，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.staff_agent.end_date IS '结束，yyyymmdd，00000000 为空';

CREATE TABLE erp.fx_daily (
    rate_date char(8),
    ccy_from varchar(3),
    ccy_to varchar(3),
    rate_100 numeric(18, 6)
);
COMMENT ON TABLE erp.fx_daily IS '每日汇率';
COMMENT ON COLUMN erp.fx_daily.rate_date IS '日期，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.fx_daily.ccy_from IS '外币';
COMMENT ON COLUMN erp.fx_daily.ccy_to IS '折算币种';
COMMENT ON COLUMN erp.fx_daily.rate_100 IS '每百外币';

CREATE TABLE erp.gl_ar_balance (
    org_code varchar(8),
    acct_date char(8),
    ccy_code char(3),
    dr_cr char(1),
    balance_amt numeric(18, 2)
);
COMMENT ON TABLE erp.gl_ar_balance IS '总账应收余额';
COMMENT ON COLUMN erp.gl_ar_balance.org_code IS '公司代码';
COMMENT ON COLUMN erp.gl_ar_balance.acct_date IS '日期，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.gl_ar_balance.ccy_code IS '币种';
COMMENT ON COLUMN erp.gl_ar_balance.dr_cr IS 'D 借，C 贷';
COMMENT ON COLUMN erp.gl_ar_balance.balance_amt IS '余额，恒正';

CREATE TABLE erp.etl_batch (
    tab_name varchar(40),
    data_date char(8),
    end_time timestamp
);
COMMENT ON TABLE erp.etl_batch IS '抽数批次';
COMMENT ON COLUMN erp.etl_batch.tab_name IS '表名';
COMMENT ON COLUMN erp.etl_batch.data_date IS '数据截止日，yyyymmdd，00000000 为空';
COMMENT ON COLUMN erp.etl_batch.end_time IS '完成时间（北京时间）';
