DROP TABLE store.company, store.rep, store.account, store.month_balance, store.tie_out, store.metric, store.roll_rate,
store.loss_rate, store.provision, store.provision_movement, store.write_off_candidate, store.cash_forecast,
store.root_cause, store.rep_performance, store.statement_batch, store.statement, store.statement_decision,
store.statement_reply, store.month_lock;
DELETE FROM store.message WHERE kind IN ('statement', 'statement_approval', 'finance_report');
ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice', 'undelivered'));
COMMENT ON COLUMN store.run_step.step IS 'extract, validate, classify, publish, outbox, approval, approval_reminder, send.';
ALTER POLICY outbox_inserts ON store.run_step
WITH CHECK (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
ALTER POLICY outbox_updates ON store.run_step
USING (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice', 'promise_status',
        'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
