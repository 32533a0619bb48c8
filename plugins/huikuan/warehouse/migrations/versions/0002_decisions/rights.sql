-- desk: writes down what people decide, and can neither change nor delete it. Everybody else reads it through views.
GRANT USAGE ON SCHEMA store TO huikuan_desk;
GRANT SELECT, INSERT
ON store.referral_batch, store.referral_item, store.referral_decision, store.sanction_override
TO huikuan_desk;
GRANT SELECT
ON store.sanction_cap, store.early_warning, store.referral_batch, store.referral_item, store.referral_decision,
store.sanction_override
TO huikuan_auditor;

-- mailer: writes to approvers in steps of their own.
ALTER POLICY outbox_inserts ON store.run_step
WITH CHECK (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
ALTER POLICY outbox_updates ON store.run_step
USING (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
