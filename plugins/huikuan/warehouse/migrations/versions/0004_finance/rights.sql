-- Everybody else reads these through the views of schema collections.
GRANT SELECT
ON store.company, store.rep, store.account, store.month_balance, store.tie_out, store.metric, store.roll_rate,
store.loss_rate, store.provision, store.provision_movement, store.write_off_candidate, store.cash_forecast,
store.root_cause, store.rep_performance, store.statement_batch, store.statement, store.statement_decision,
store.statement_reply, store.statement_handover, store.month_lock, store.rep_login, store.archived_run
TO huikuan_auditor;

-- desk: writes down what is put before people, what they decide, what customers answer, and which months are closed;
-- it can neither change nor delete it.
GRANT SELECT, INSERT
ON store.statement_batch, store.statement, store.statement_decision, store.statement_reply, store.statement_handover,
store.month_lock
TO huikuan_desk;

-- mailer: statements leave through its outbox, once they are approved.
GRANT SELECT ON store.statement_batch, store.statement, store.statement_decision TO huikuan_mailer;
ALTER POLICY outbox_inserts ON store.run_step
WITH CHECK (step IN ('outbox', 'approval', 'approval_reminder', 'statement_approval', 'statements', 'send'));
ALTER POLICY outbox_updates ON store.run_step
USING (step IN ('outbox', 'approval', 'approval_reminder', 'statement_approval', 'statements', 'send'));

-- loader: asks what may go, and removes it through functions that refuse everything else.
REVOKE ALL ON FUNCTION store.kept_because(text), store.drop_archived_run(text, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.kept_because(text), store.drop_archived_run(text, jsonb, text) TO huikuan_loader;
-- A night opens its month with the run that closed the one before.
GRANT SELECT ON store.archived_run, store.month_lock TO huikuan_loader;

-- rep: reads the views that are about accounts and reps, and of them its own rows. Whoever calls a view also calls the
-- functions of the policies behind it; without the schema nobody can call them by name.
GRANT USAGE ON SCHEMA collections TO huikuan_rep;
REVOKE ALL ON FUNCTION store.sees_everything(), store.seen_reps(name), store.seen_accounts(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.sees_everything(), store.seen_reps(name), store.seen_accounts(name) TO PUBLIC;
DO $$
DECLARE
    v_all constant text := '(SELECT store.sees_everything())';
    v_reps constant text := v_all || ' OR %I = ANY ((SELECT store.seen_reps(current_user))::text[])';
    v_table text;
    v_seen text;
BEGIN
    FOREACH v_table IN ARRAY store.result_tables() LOOP
        v_seen := CASE
            WHEN v_table = 'company' THEN 'TRUE'
            WHEN v_table IN ('rep', 'rep_performance') THEN format(v_reps, 'rep_id')
            WHEN v_table IN ('metric', 'roll_rate', 'root_cause')
                THEN v_all || ' OR dimension = ''rep'' AND member = ANY ((SELECT store.seen_reps(current_user))::text[])'
            WHEN v_table IN (
                'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'early_warning',
                'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice', 'promise_status',
                'account', 'provision', 'write_off_candidate'
            )
                THEN v_all || ' OR (SELECT store.seen_accounts(current_user)) ? '
                    || '(length(company_id) || '':'' || company_id || account_id)'
            ELSE v_all
        END;
        EXECUTE format('ALTER TABLE store.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format('CREATE POLICY seen ON store.%I USING (%s)', v_table, v_seen);
    END LOOP;
END
$$;
