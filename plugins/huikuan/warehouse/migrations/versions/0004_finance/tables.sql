CREATE TABLE store.company (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    name TEXT NOT NULL,
    functional_currency TEXT NOT NULL,
    timezone TEXT NOT NULL,
    calendar TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.company IS 'Companies of the ledger, as of the night (公司).';
COMMENT ON COLUMN store.company.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.company.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.company.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.company.name IS 'Legal name.';
COMMENT ON COLUMN store.company.functional_currency IS 'ISO 4217 code of the books.';
COMMENT ON COLUMN store.company.timezone IS 'IANA time zone of the business date.';
COMMENT ON COLUMN store.company.calendar IS 'Holiday calendar.';
COMMENT ON COLUMN store.company.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.rep (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    rep_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    manager_id TEXT,
    is_active BOOLEAN NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, rep_id),
    CONSTRAINT rep_role_values CHECK (role IN ('rep', 'manager', 'finance', 'legal'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.rep IS 'People who collect, manage, account or litigate, as of the night (业务员).';
COMMENT ON COLUMN store.rep.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.rep.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.rep.rep_id IS 'Rep (业务员) or other reader.';
COMMENT ON COLUMN store.rep.name IS 'Name.';
COMMENT ON COLUMN store.rep.role IS 'What the person does.';
COMMENT ON COLUMN store.rep.manager_id IS 'rep_id of the manager.';
COMMENT ON COLUMN store.rep.is_active IS 'Still with us.';
COMMENT ON COLUMN store.rep.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.account (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    segment TEXT NOT NULL,
    orientation TEXT NOT NULL,
    rep_id TEXT,
    status TEXT NOT NULL,
    country TEXT,
    parent_account_id TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id),
    CONSTRAINT account_status_values CHECK (status IN ('active', 'insolvent', 'closed'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.account IS 'Customers of the ledger, as of the night (客户).';
COMMENT ON COLUMN store.account.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.account.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.account.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.account.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.account.name IS 'Customer''s name.';
COMMENT ON COLUMN store.account.segment IS 'Segment, standard when the ledger says nothing.';
COMMENT ON COLUMN store.account.orientation IS 'Approach (导向).';
COMMENT ON COLUMN store.account.rep_id IS 'Rep in charge.';
COMMENT ON COLUMN store.account.status IS 'active, insolvent, closed.';
COMMENT ON COLUMN store.account.country IS 'ISO 3166 code.';
COMMENT ON COLUMN store.account.parent_account_id IS 'Account of the group''s parent.';
COMMENT ON COLUMN store.account.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.month_balance (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    month DATE NOT NULL,
    closed_on DATE NOT NULL,
    opening NUMERIC(18, 4) NOT NULL,
    taken_over NUMERIC(18, 4) NOT NULL,
    sales NUMERIC(18, 4) NOT NULL,
    credit_notes NUMERIC(18, 4) NOT NULL,
    receipts NUMERIC(18, 4) NOT NULL,
    write_offs NUMERIC(18, 4) NOT NULL,
    closing NUMERIC(18, 4) NOT NULL,
    open_amount NUMERIC(18, 4) NOT NULL,
    free_credit NUMERIC(18, 4) NOT NULL,
    not_due NUMERIC(18, 4) NOT NULL,
    d1_30 NUMERIC(18, 4) NOT NULL,
    d31_60 NUMERIC(18, 4) NOT NULL,
    d61_90 NUMERIC(18, 4) NOT NULL,
    d91_180 NUMERIC(18, 4) NOT NULL,
    d181_365 NUMERIC(18, 4) NOT NULL,
    d366_plus NUMERIC(18, 4) NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, currency, month)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.month_balance IS 'Roll-forward of the receivables ledger, month by month, as it is known tonight (应收账款变动表).';
COMMENT ON COLUMN store.month_balance.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.month_balance.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.month_balance.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.month_balance.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.month_balance.month IS 'First day of the month; the last one ends at as-of.';
COMMENT ON COLUMN store.month_balance.closed_on IS 'Last day that counts: the end of the month, or as-of.';
COMMENT ON COLUMN store.month_balance.opening IS 'Balance of the ledger at the close before: open amount less free credit.';
COMMENT ON COLUMN store.month_balance.taken_over IS 'Opening balances (期初余额) dated in the month: no sales.';
COMMENT ON COLUMN store.month_balance.sales IS 'Invoices and debit notes issued in the month (赊销额).';
COMMENT ON COLUMN store.month_balance.credit_notes IS 'Credit notes issued in the month.';
COMMENT ON COLUMN store.month_balance.receipts IS 'Received in the month (回款).';
COMMENT ON COLUMN store.month_balance.write_offs IS 'Written off in the month (核销坏账).';
COMMENT ON COLUMN store.month_balance.closing IS 'Opening + taken over + sales − credit notes − receipts − write-offs: exact.';
COMMENT ON COLUMN store.month_balance.open_amount IS 'Sum of open items at the close.';
COMMENT ON COLUMN store.month_balance.free_credit IS 'Unapplied receipts and credit notes at the close.';
COMMENT ON COLUMN store.month_balance.not_due IS 'Open amount in bucket not_due at the close.';
COMMENT ON COLUMN store.month_balance.d1_30 IS 'Open amount in bucket d1_30 at the close.';
COMMENT ON COLUMN store.month_balance.d31_60 IS 'Open amount in bucket d31_60 at the close.';
COMMENT ON COLUMN store.month_balance.d61_90 IS 'Open amount in bucket d61_90 at the close.';
COMMENT ON COLUMN store.month_balance.d91_180 IS 'Open amount in bucket d91_180 at the close.';
COMMENT ON COLUMN store.month_balance.d181_365 IS 'Open amount in bucket d181_365 at the close.';
COMMENT ON COLUMN store.month_balance.d366_plus IS 'Open amount in bucket d366_plus at the close.';
COMMENT ON COLUMN store.month_balance.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.tie_out (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    open_amount NUMERIC(18, 4) NOT NULL,
    free_credit NUMERIC(18, 4) NOT NULL,
    ledger_balance NUMERIC(18, 4) NOT NULL,
    quarantined NUMERIC(18, 4) NOT NULL,
    control_balance NUMERIC(18, 4),
    difference NUMERIC(18, 4),
    state TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, currency),
    CONSTRAINT tie_out_state_values CHECK (state IN ('tied', 'differs', 'not_checked'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.tie_out IS 'Sub-ledger against general ledger, per company and currency (总账核对).';
COMMENT ON COLUMN store.tie_out.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.tie_out.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.tie_out.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.tie_out.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN store.tie_out.open_amount IS 'Sum of open items.';
COMMENT ON COLUMN store.tie_out.free_credit IS 'Unapplied receipts and credit notes.';
COMMENT ON COLUMN store.tie_out.ledger_balance IS 'Open amount less free credit.';
COMMENT ON COLUMN store.tie_out.quarantined IS 'Net effect of the rows that were left out of the night.';
COMMENT ON COLUMN store.tie_out.control_balance IS 'Balance of the control account in the general ledger on that day.';
COMMENT ON COLUMN store.tie_out.difference IS 'Ledger balance + quarantined − control balance.';
COMMENT ON COLUMN store.tie_out.state IS 'Whether both say the same.';
COMMENT ON COLUMN store.tie_out.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.metric (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    company_id TEXT NOT NULL,
    dimension TEXT NOT NULL,
    member TEXT NOT NULL,
    currency TEXT NOT NULL,
    is_total BOOLEAN NOT NULL,
    closed_on DATE NOT NULL,
    "window" TEXT NOT NULL,
    value NUMERIC(18, 4),
    unit TEXT NOT NULL,
    numerator NUMERIC(18, 4),
    denominator NUMERIC(18, 4),
    note TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, name, scope, closed_on, "window"),
    CONSTRAINT metric_dimension_values CHECK (dimension IN ('company', 'segment', 'rep'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.metric IS 'Figures of finance in long form (指标), as they are known tonight.';
COMMENT ON COLUMN store.metric.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.metric.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.metric.name IS 'Metric; docs/metrics.md defines each.';
COMMENT ON COLUMN store.metric.scope IS 'company/<id>, then /segment/<s> or /rep/<id> when only a part, then /currency/<code>, or /total/<code>: all currencies in the functional one.';
COMMENT ON COLUMN store.metric.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.metric.dimension IS 'What the scope is a part by.';
COMMENT ON COLUMN store.metric.member IS 'Segment or rep_id; empty for the whole company, and for accounts without a rep.';
COMMENT ON COLUMN store.metric.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.metric.is_total IS 'All currencies together, converted at the rate of as-of; else one of them.';
COMMENT ON COLUMN store.metric.closed_on IS 'Day as of which it is measured: as-of, or the end of an earlier month.';
COMMENT ON COLUMN store.metric."window" IS 'What it looks back on: as_of, mtd (month to date), or m<n>, the n months that end there; of a forecast w<n>, its n-th week.';
COMMENT ON COLUMN store.metric.value IS 'The figure; empty when there is nothing to divide by.';
COMMENT ON COLUMN store.metric.unit IS 'days, pct, count, or the ISO 4217 code.';
COMMENT ON COLUMN store.metric.numerator IS 'What was divided.';
COMMENT ON COLUMN store.metric.denominator IS 'By what.';
COMMENT ON COLUMN store.metric.note IS 'What to know about this figure: no_sales, beyond_history, zero_sales_months:<n>, …';
COMMENT ON COLUMN store.metric.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.roll_rate (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    company_id TEXT NOT NULL,
    dimension TEXT NOT NULL,
    member TEXT NOT NULL,
    currency TEXT NOT NULL,
    is_total BOOLEAN NOT NULL,
    "window" TEXT NOT NULL,
    from_bucket TEXT NOT NULL,
    to_bucket TEXT NOT NULL,
    from_amount NUMERIC(18, 4) NOT NULL,
    amount NUMERIC(18, 4) NOT NULL,
    rate NUMERIC(18, 15) NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, scope, "window", from_bucket, to_bucket),
    CONSTRAINT roll_rate_dimension_values CHECK (dimension IN ('company', 'segment', 'rep'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.roll_rate IS 'How money moves between buckets from month end to month end (迁徙率); written off counts as rolled, never as paid.';
COMMENT ON COLUMN store.roll_rate.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.roll_rate.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.roll_rate.scope IS 'company/<id>, then /segment/<s> or /rep/<id> when only a part, then /currency/<code>, or /total/<code>: all currencies in the functional one.';
COMMENT ON COLUMN store.roll_rate.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.roll_rate.dimension IS 'What the scope is a part by.';
COMMENT ON COLUMN store.roll_rate.member IS 'Segment or rep_id; empty for the whole company, and for accounts without a rep.';
COMMENT ON COLUMN store.roll_rate.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.roll_rate.is_total IS 'All currencies together, converted at the rate of as-of; else one of them.';
COMMENT ON COLUMN store.roll_rate."window" IS 'm<n>: the steps between the month ends of the last n months together.';
COMMENT ON COLUMN store.roll_rate.from_bucket IS 'Bucket at the earlier month end.';
COMMENT ON COLUMN store.roll_rate.to_bucket IS 'Bucket a month later; paid; written_off; or rolled: any later bucket or written off.';
COMMENT ON COLUMN store.roll_rate.from_amount IS 'Open in from_bucket at the earlier month end.';
COMMENT ON COLUMN store.roll_rate.amount IS 'Of it, what became this.';
COMMENT ON COLUMN store.roll_rate.rate IS 'amount ÷ from_amount, 0 to 1, not rounded for use.';
COMMENT ON COLUMN store.roll_rate.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.loss_rate (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    portfolio TEXT NOT NULL,
    bucket TEXT NOT NULL,
    reached_amount NUMERIC(18, 4),
    moved_amount NUMERIC(18, 4),
    flow_rate NUMERIC(18, 15),
    loss_rate NUMERIC(18, 15) NOT NULL,
    forward_factor NUMERIC(18, 15) NOT NULL,
    applied_rate NUMERIC(18, 15) NOT NULL,
    basis TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, portfolio, bucket),
    CONSTRAINT loss_rate_basis_values CHECK (basis IN ('flow', 'policy', 'fallback'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.loss_rate IS 'Expected loss per bucket (预期信用损失率), IFRS 9 simplified approach / 企业会计准则第22号.';
COMMENT ON COLUMN store.loss_rate.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.loss_rate.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.loss_rate.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.loss_rate.portfolio IS 'Group of accounts with one set of rates.';
COMMENT ON COLUMN store.loss_rate.bucket IS 'Ageing bucket.';
COMMENT ON COLUMN store.loss_rate.reached_amount IS 'Came into the bucket, in functional currency; empty when the policy gives the rate.';
COMMENT ON COLUMN store.loss_rate.moved_amount IS 'Of it, what got into the next bucket or was written off.';
COMMENT ON COLUMN store.loss_rate.flow_rate IS 'moved ÷ reached.';
COMMENT ON COLUMN store.loss_rate.loss_rate IS 'Share lost in the end: product of the flow rates from here on, or the policy''s.';
COMMENT ON COLUMN store.loss_rate.forward_factor IS 'Forward-looking factor (前瞻性调整).';
COMMENT ON COLUMN store.loss_rate.applied_rate IS 'loss_rate × forward_factor, at most 1: what provisions use.';
COMMENT ON COLUMN store.loss_rate.basis IS 'Where the rate comes from.';
COMMENT ON COLUMN store.loss_rate.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.provision (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    portfolio TEXT NOT NULL,
    currency TEXT NOT NULL,
    bucket TEXT NOT NULL,
    account_id TEXT NOT NULL,
    exposure NUMERIC(18, 4) NOT NULL,
    applied_rate NUMERIC(18, 15) NOT NULL,
    amount NUMERIC(18, 4) NOT NULL,
    amount_functional NUMERIC(18, 4),
    rule_id TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, portfolio, currency, bucket, account_id)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.provision IS 'Loss allowance for receivables (坏账准备), matrix and single customers.';
COMMENT ON COLUMN store.provision.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.provision.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.provision.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.provision.portfolio IS 'Group of accounts with one set of rates.';
COMMENT ON COLUMN store.provision.currency IS 'ISO 4217 code of exposure and amount.';
COMMENT ON COLUMN store.provision.bucket IS 'Ageing bucket; of a specific allowance: specific.';
COMMENT ON COLUMN store.provision.account_id IS 'Customer with an allowance of its own (单项计提); empty: the matrix (组合计提).';
COMMENT ON COLUMN store.provision.exposure IS 'Net amount that may be lost.';
COMMENT ON COLUMN store.provision.applied_rate IS 'Rate, not rounded before it is used.';
COMMENT ON COLUMN store.provision.amount IS 'exposure × applied_rate, rounded once to the currency''s minor unit.';
COMMENT ON COLUMN store.provision.amount_functional IS 'The same in functional currency at the rate of as-of.';
COMMENT ON COLUMN store.provision.rule_id IS 'Rule of the policy that asked for a specific allowance.';
COMMENT ON COLUMN store.provision.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.provision_movement (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    is_total BOOLEAN NOT NULL,
    month DATE NOT NULL,
    opening NUMERIC(18, 4) NOT NULL,
    charge NUMERIC(18, 4) NOT NULL,
    release NUMERIC(18, 4) NOT NULL,
    write_off NUMERIC(18, 4) NOT NULL,
    recovery NUMERIC(18, 4) NOT NULL,
    fx NUMERIC(18, 4) NOT NULL,
    closing NUMERIC(18, 4) NOT NULL,
    written_off_ever NUMERIC(18, 4),
    recovered_ever NUMERIC(18, 4),
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, currency, is_total)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.provision_movement IS 'Movement of the loss allowance in the month (坏账准备变动表).';
COMMENT ON COLUMN store.provision_movement.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.provision_movement.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.provision_movement.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.provision_movement.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.provision_movement.is_total IS 'All currencies together in the functional one; else one of them.';
COMMENT ON COLUMN store.provision_movement.month IS 'First day of the month that it is about, through as-of.';
COMMENT ON COLUMN store.provision_movement.opening IS 'Allowance at the end of the month before.';
COMMENT ON COLUMN store.provision_movement.charge IS 'Added to it (计提).';
COMMENT ON COLUMN store.provision_movement.release IS 'Taken back (转回).';
COMMENT ON COLUMN store.provision_movement.write_off IS 'Used for what was written off (核销).';
COMMENT ON COLUMN store.provision_movement.recovery IS 'Written off before, claimed again (收回已核销).';
COMMENT ON COLUMN store.provision_movement.fx IS 'Difference of translation (汇率差); 0 within one currency.';
COMMENT ON COLUMN store.provision_movement.closing IS 'Opening + charge − release − write-off + recovery + fx: the sum of provision.';
COMMENT ON COLUMN store.provision_movement.written_off_ever IS 'Written off through as-of since the ledger begins; of one currency only.';
COMMENT ON COLUMN store.provision_movement.recovered_ever IS 'Of it, claimed again; the next month counts on from both.';
COMMENT ON COLUMN store.provision_movement.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.write_off_candidate (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount NUMERIC(18, 4) NOT NULL,
    provided NUMERIC(18, 4) NOT NULL,
    cause TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    oldest_due_on DATE,
    last_receipt_on DATE,
    evidence JSONB NOT NULL,
    missing JSONB NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, currency)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.write_off_candidate IS 'What may have to be written off, with cause and evidence (核销建议).';
COMMENT ON COLUMN store.write_off_candidate.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.write_off_candidate.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.write_off_candidate.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.write_off_candidate.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.write_off_candidate.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN store.write_off_candidate.amount IS 'Net amount that could be written off.';
COMMENT ON COLUMN store.write_off_candidate.provided IS 'Allowance for it.';
COMMENT ON COLUMN store.write_off_candidate.cause IS 'Why (核销原因).';
COMMENT ON COLUMN store.write_off_candidate.rule_id IS 'Rule of the policy that named it.';
COMMENT ON COLUMN store.write_off_candidate.oldest_due_on IS 'Oldest due date.';
COMMENT ON COLUMN store.write_off_candidate.last_receipt_on IS 'Last time the customer paid anything.';
COMMENT ON COLUMN store.write_off_candidate.evidence IS 'Papers at hand: kind to evidence_ids.';
COMMENT ON COLUMN store.write_off_candidate.missing IS 'Kinds of papers that an auditor will ask for and that are not there.';
COMMENT ON COLUMN store.write_off_candidate.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.cash_forecast (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    made_on DATE NOT NULL,
    week_from DATE NOT NULL,
    component TEXT NOT NULL,
    expected NUMERIC(18, 4) NOT NULL,
    actual NUMERIC(18, 4),
    is_final BOOLEAN NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, currency, made_on, week_from, component)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.cash_forecast IS 'Expected receipts by week, and what came of earlier forecasts (回款预测).';
COMMENT ON COLUMN store.cash_forecast.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.cash_forecast.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.cash_forecast.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.cash_forecast.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.cash_forecast.made_on IS 'Business date on which it was made: the first night of a week.';
COMMENT ON COLUMN store.cash_forecast.week_from IS 'Monday of the week that it is about.';
COMMENT ON COLUMN store.cash_forecast.component IS 'promise, plan, behaviour (all else that is open), new_sales (not invoiced yet), or total: their sum.';
COMMENT ON COLUMN store.cash_forecast.expected IS 'Expected receipts.';
COMMENT ON COLUMN store.cash_forecast.actual IS 'Received in that week, from the day of the forecast, through as-of; of the total only.';
COMMENT ON COLUMN store.cash_forecast.is_final IS 'The week is over and its receipts are in.';
COMMENT ON COLUMN store.cash_forecast.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.root_cause (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    company_id TEXT NOT NULL,
    dimension TEXT NOT NULL,
    member TEXT NOT NULL,
    currency TEXT NOT NULL,
    is_total BOOLEAN NOT NULL,
    cause TEXT NOT NULL,
    accounts BIGINT NOT NULL,
    overdue_amount NUMERIC(18, 4) NOT NULL,
    share_pct NUMERIC(9, 2) NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, scope, cause),
    CONSTRAINT root_cause_dimension_values CHECK (dimension IN ('company', 'segment', 'rep'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.root_cause IS 'Why customers do not pay, counted (C5).';
COMMENT ON COLUMN store.root_cause.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.root_cause.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.root_cause.scope IS 'company/<id>, then /segment/<s> or /rep/<id> when only a part, then /currency/<code>, or /total/<code>: all currencies in the functional one.';
COMMENT ON COLUMN store.root_cause.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.root_cause.dimension IS 'What the scope is a part by.';
COMMENT ON COLUMN store.root_cause.member IS 'Segment or rep_id; empty for the whole company, and for accounts without a rep.';
COMMENT ON COLUMN store.root_cause.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.root_cause.is_total IS 'All currencies together, converted at the rate of as-of; else one of them.';
COMMENT ON COLUMN store.root_cause.cause IS 'Root cause (未回款原因) of the policy; unknown when nobody has said.';
COMMENT ON COLUMN store.root_cause.accounts IS 'Accounts with money overdue.';
COMMENT ON COLUMN store.root_cause.overdue_amount IS 'Their overdue amount.';
COMMENT ON COLUMN store.root_cause.share_pct IS 'Of all that is overdue in the scope, percent.';
COMMENT ON COLUMN store.root_cause.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.rep_performance (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value NUMERIC(18, 4),
    unit TEXT NOT NULL,
    benchmark NUMERIC(18, 4),
    is_weak BOOLEAN NOT NULL,
    advice TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, rep_id, name)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.rep_performance IS 'What a rep brings in, and the seller''s own part in what is overdue (C7, 业务员绩效).';
COMMENT ON COLUMN store.rep_performance.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.rep_performance.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.rep_performance.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.rep_performance.rep_id IS 'Rep (业务员).';
COMMENT ON COLUMN store.rep_performance.name IS 'Habit or result; docs/metrics.md defines each.';
COMMENT ON COLUMN store.rep_performance.value IS 'The figure; empty when there is nothing to measure.';
COMMENT ON COLUMN store.rep_performance.unit IS 'days, pct, count, or the ISO 4217 code.';
COMMENT ON COLUMN store.rep_performance.benchmark IS 'Median of the company''s reps.';
COMMENT ON COLUMN store.rep_performance.is_weak IS 'Further from the benchmark than the policy lets pass.';
COMMENT ON COLUMN store.rep_performance.advice IS 'What to change: key of a sentence in both languages.';
COMMENT ON COLUMN store.rep_performance.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.statement_batch (
    batch_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    cut_off DATE NOT NULL,
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    approver_id TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    item_count INTEGER NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (batch_id)
);
COMMENT ON TABLE store.statement_batch IS 'Statements put before one approver before they leave (对账函批次).';
COMMENT ON COLUMN store.statement_batch.batch_id IS '<YYYYMM>-<company>-<hash>: a function of what is shown.';
COMMENT ON COLUMN store.statement_batch.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.statement_batch.cut_off IS 'Close of books that the statements show: the end of a month.';
COMMENT ON COLUMN store.statement_batch.business_date IS 'Business date of the night they are made from.';
COMMENT ON COLUMN store.statement_batch.run_id IS 'Run that they are made from.';
COMMENT ON COLUMN store.statement_batch.approver_id IS 'rep_id of the only person who may answer.';
COMMENT ON COLUMN store.statement_batch.content_hash IS 'SHA-256 of what is shown, with the hash of every file.';
COMMENT ON COLUMN store.statement_batch.item_count IS 'Statements in it.';
COMMENT ON COLUMN store.statement_batch.opened_at IS 'Opened.';

CREATE TABLE store.statement (
    statement_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    cut_off DATE NOT NULL,
    number TEXT NOT NULL,
    locale TEXT NOT NULL,
    contact_id TEXT,
    balances JSONB NOT NULL,
    item_count INTEGER NOT NULL,
    page_count INTEGER NOT NULL,
    file_hash TEXT NOT NULL,
    PRIMARY KEY (statement_id),
    CONSTRAINT statement_once UNIQUE (batch_id, company_id, account_id)
);
COMMENT ON TABLE store.statement IS 'Statements of account (对账函), as prepared: written once, never changed.';
COMMENT ON COLUMN store.statement.statement_id IS 'uuid5 of batch and account.';
COMMENT ON COLUMN store.statement.batch_id IS 'Batch.';
COMMENT ON COLUMN store.statement.position IS 'Line of the batch, 1 first.';
COMMENT ON COLUMN store.statement.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.statement.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.statement.cut_off IS 'Close of books that it shows.';
COMMENT ON COLUMN store.statement.number IS 'Number that the customer reads and quotes.';
COMMENT ON COLUMN store.statement.locale IS 'Language: zh_CN or en.';
COMMENT ON COLUMN store.statement.contact_id IS 'Person it goes to; empty: nobody with an address, it must be printed.';
COMMENT ON COLUMN store.statement.balances IS 'Currency to open amount, free credit and balance, as shown.';
COMMENT ON COLUMN store.statement.item_count IS 'Items it lists.';
COMMENT ON COLUMN store.statement.page_count IS 'Pages of the PDF.';
COMMENT ON COLUMN store.statement.file_hash IS 'SHA-256 of the PDF.';

CREATE TABLE store.statement_decision (
    statement_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_on DATE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    content_hash TEXT NOT NULL,
    via TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (statement_id),
    CONSTRAINT statement_decision_choice_values CHECK (choice IN ('approved', 'rejected', 'left_out')),
    CONSTRAINT statement_decision_via_values CHECK (via IN ('airflow', 'command'))
);
COMMENT ON TABLE store.statement_decision IS 'Decisions of people on statements: written once, never changed.';
COMMENT ON COLUMN store.statement_decision.statement_id IS 'Statement.';
COMMENT ON COLUMN store.statement_decision.choice IS 'What was decided.';
COMMENT ON COLUMN store.statement_decision.decided_by IS 'rep_id of the person who decided.';
COMMENT ON COLUMN store.statement_decision.decided_on IS 'Business date of the batch.';
COMMENT ON COLUMN store.statement_decision.decided_at IS 'When.';
COMMENT ON COLUMN store.statement_decision.content_hash IS 'Hash of what was shown.';
COMMENT ON COLUMN store.statement_decision.via IS 'airflow or command.';
COMMENT ON COLUMN store.statement_decision.note IS 'What the approver said.';

CREATE TABLE store.statement_reply (
    statement_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    received_on DATE NOT NULL,
    currency TEXT,
    stated_amount NUMERIC(18, 4),
    document_id TEXT,
    uri TEXT,
    note TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (statement_id, position),
    CONSTRAINT statement_reply_confirmed_on_paper CHECK (outcome <> 'confirmed' OR uri IS NOT NULL),
    CONSTRAINT statement_reply_outcome_values CHECK (outcome IN ('confirmed', 'differs', 'undeliverable'))
);
COMMENT ON TABLE store.statement_reply IS 'What customers answered to statements (对账回函): written once, never inferred.';
COMMENT ON COLUMN store.statement_reply.statement_id IS 'Statement.';
COMMENT ON COLUMN store.statement_reply.position IS 'Of this statement''s replies, 1 first; the last one counts.';
COMMENT ON COLUMN store.statement_reply.outcome IS 'What the customer said; silence is no reply.';
COMMENT ON COLUMN store.statement_reply.received_on IS 'Day of the reply: counts for later nights.';
COMMENT ON COLUMN store.statement_reply.currency IS 'ISO 4217 code of stated_amount.';
COMMENT ON COLUMN store.statement_reply.stated_amount IS 'Balance in the customer''s books, when it differs.';
COMMENT ON COLUMN store.statement_reply.document_id IS 'Document that the difference is about.';
COMMENT ON COLUMN store.statement_reply.uri IS 'Where the stamped paper is kept.';
COMMENT ON COLUMN store.statement_reply.note IS 'What else was said.';
COMMENT ON COLUMN store.statement_reply.recorded_by IS 'rep_id, or operator:<login>.';
COMMENT ON COLUMN store.statement_reply.recorded_at IS 'Written.';

CREATE TABLE store.statement_handover (
    statement_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    handed_on DATE NOT NULL,
    note TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (statement_id, position)
);
COMMENT ON TABLE store.statement_handover IS 'Statements that people delivered on paper (纸质对账函送达): written once, never inferred.';
COMMENT ON COLUMN store.statement_handover.statement_id IS 'Statement.';
COMMENT ON COLUMN store.statement_handover.position IS 'Of this statement''s deliveries by hand, 1 first.';
COMMENT ON COLUMN store.statement_handover.handed_on IS 'Day on which the customer got it: counts for later nights.';
COMMENT ON COLUMN store.statement_handover.note IS 'How: visit, courier and its number.';
COMMENT ON COLUMN store.statement_handover.recorded_by IS 'rep_id of who wrote it down.';
COMMENT ON COLUMN store.statement_handover.recorded_at IS 'Written.';

CREATE TABLE store.month_lock (
    company_id TEXT NOT NULL,
    month DATE NOT NULL,
    version INTEGER NOT NULL,
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    content_hash TEXT NOT NULL,
    locked_by TEXT NOT NULL,
    locked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (company_id, month, version),
    CONSTRAINT month_lock_version CHECK (version >= 1)
);
COMMENT ON TABLE store.month_lock IS 'Closed months (关账): which run''s rows are the figures of a month; corrections are later versions.';
COMMENT ON COLUMN store.month_lock.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.month_lock.month IS 'First day of the month.';
COMMENT ON COLUMN store.month_lock.version IS '1 is the close; each later one is a correction.';
COMMENT ON COLUMN store.month_lock.business_date IS 'Business date whose close of books ends the month.';
COMMENT ON COLUMN store.month_lock.run_id IS 'Run whose rows are the figures of the month: its partitions are never removed.';
COMMENT ON COLUMN store.month_lock.content_hash IS 'SHA-256 of the figures that were locked.';
COMMENT ON COLUMN store.month_lock.locked_by IS 'rep_id; operator:<login>; huikuan, when the month end did it.';
COMMENT ON COLUMN store.month_lock.locked_at IS 'Written.';
COMMENT ON COLUMN store.month_lock.reason IS 'Why there is another version; of the first: closed.';

CREATE TABLE store.rep_login (
    login TEXT NOT NULL,
    rep_id TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (login)
);
COMMENT ON TABLE store.rep_login IS 'Which rep a database login is (登录对应的业务员): without a row here such a login sees no rows.';
COMMENT ON COLUMN store.rep_login.login IS 'Login of the database, a member of huikuan_rep.';
COMMENT ON COLUMN store.rep_login.rep_id IS 'Rep whose accounts it sees; of a manager: the whole team''s.';
COMMENT ON COLUMN store.rep_login.granted_by IS 'operator:<login> who granted it.';
COMMENT ON COLUMN store.rep_login.granted_at IS 'When.';

CREATE TABLE store.archived_run (
    run_id TEXT COLLATE "C" NOT NULL,
    business_date DATE NOT NULL,
    counts JSONB NOT NULL,
    manifest_hash TEXT NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (run_id)
);
COMMENT ON TABLE store.archived_run IS 'Runs that now lie in the lake only (归档): their rows are Parquet files, no view shows them.';
COMMENT ON COLUMN store.archived_run.run_id IS 'Run whose partitions were removed.';
COMMENT ON COLUMN store.archived_run.business_date IS 'Business date of the run.';
COMMENT ON COLUMN store.archived_run.counts IS 'Rows per table, as they were archived and counted once more before they were removed.';
COMMENT ON COLUMN store.archived_run.manifest_hash IS 'SHA-256 of the manifest in the lake: archive/<business date>/<run id>/manifest.json.';
COMMENT ON COLUMN store.archived_run.archived_at IS 'When they were removed.';


ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice', 'undelivered', 'statement', 'statement_approval'));
COMMENT ON COLUMN store.message.recipient IS 'rep_id of the reader; of a statement company/account/number.';
COMMENT ON COLUMN store.run_step.step IS 'extract, validate, classify, publish, outbox, approval, approval_reminder, statement_approval, statements, send.';
COMMENT ON TABLE store.aging_summary IS 'Ageing per company, segment, rep and currency, as of the close of books (账龄汇总).';
COMMENT ON COLUMN store.aging_summary.scope IS 'company/<id>/currency/<code>, and the other scopes of metric.';
