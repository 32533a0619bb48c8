-- The outbox (发件箱) without addresses and content: what was written to whom, and what became of it.
SELECT
    message_id,
    business_date,
    run_id,
    kind,
    recipient,
    subject,
    state,
    attempts,
    last_error,
    content_hash,
    created_at,
    not_before,
    not_after,
    sent_at,
    timezone
FROM store.message
