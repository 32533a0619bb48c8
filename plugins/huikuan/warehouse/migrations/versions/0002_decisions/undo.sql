DROP TABLE
store.sanction_cap, store.early_warning, store.referral_batch, store.referral_item, store.referral_decision,
store.sanction_override;
REVOKE USAGE ON SCHEMA store FROM huikuan_desk;
ALTER TABLE store.account_status
DROP COLUMN ladder_next_step, DROP COLUMN ladder_next_on, DROP COLUMN profile_pct, DROP COLUMN risk_grade_previous,
DROP COLUMN grade_worsened_times;
ALTER TABLE store.account_flag
DROP COLUMN evidence, DROP COLUMN evidence_on, DROP COLUMN proposed_by, DROP COLUMN approver_id, DROP COLUMN batch_id,
DROP COLUMN is_held;
DELETE FROM store.run_step WHERE step IN ('approval', 'approval_reminder');
ALTER POLICY outbox_inserts ON store.run_step WITH CHECK (step IN ('outbox', 'send'));
ALTER POLICY outbox_updates ON store.run_step USING (step IN ('outbox', 'send'));
DELETE FROM store.message WHERE kind NOT IN ('digest', 'escalation', 'data_owner');
ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values CHECK (kind IN ('digest', 'escalation', 'data_owner'));
CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'task',
        'promise_status', 'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
