DROP TABLE store.task_end, store.account_change, store.target_gap, store.handover, store.terms_advice;
ALTER TABLE store.task DROP COLUMN act_on, DROP COLUMN contact_id, DROP COLUMN is_planned, DROP COLUMN is_floor,
DROP COLUMN pay_on, DROP COLUMN special;
COMMENT ON COLUMN store.task.kind IS 'call, chase_promise, resolve_dispute, escalate, file_claim.';
CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'promise_status', 'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
DROP TABLE store.message_action;
DELETE FROM store.message WHERE kind = 'undelivered';
ALTER TABLE store.message DROP COLUMN timezone;
ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice'));
