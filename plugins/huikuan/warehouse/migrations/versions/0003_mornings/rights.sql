-- Everybody else reads these through the views of schema collections.
GRANT SELECT ON store.task_end, store.account_change, store.target_gap, store.handover, store.terms_advice TO huikuan_auditor;
-- mailer: writes down what was done about a mail, and can neither change nor delete it.
GRANT SELECT, INSERT ON store.message_action TO huikuan_mailer;
GRANT SELECT ON store.message_action TO huikuan_auditor;
