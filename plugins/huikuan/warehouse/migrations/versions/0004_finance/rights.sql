-- Everybody else reads these through the views of schema collections.
GRANT SELECT
ON store.company, store.rep, store.account, store.month_balance, store.tie_out, store.metric, store.roll_rate,
store.loss_rate, store.provision, store.provision_movement, store.write_off_candidate, store.cash_forecast,
store.root_cause, store.rep_performance, store.statement_batch, store.statement, store.statement_decision,
store.statement_reply, store.month_lock
TO huikuan_auditor;

-- desk: writes down what is put before people, what they decide, what customers answer, and which months are closed;
-- it can neither change nor delete it.
GRANT SELECT, INSERT
ON store.statement_batch, store.statement, store.statement_decision, store.statement_reply, store.month_lock
TO huikuan_desk;

-- mailer: statements leave through its outbox, once they are approved.
GRANT SELECT ON store.statement_batch, store.statement, store.statement_decision TO huikuan_mailer;
ALTER POLICY outbox_inserts ON store.run_step
WITH CHECK (step IN ('outbox', 'approval', 'approval_reminder', 'statements', 'report', 'send'));
ALTER POLICY outbox_updates ON store.run_step
USING (step IN ('outbox', 'approval', 'approval_reminder', 'statements', 'report', 'send'));
