CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice',
        'promise_status', 'aging_summary', 'company', 'rep', 'account', 'month_balance', 'tie_out', 'metric',
        'roll_rate', 'loss_rate', 'provision', 'provision_movement', 'write_off_candidate', 'cash_forecast',
        'root_cause', 'rep_performance', 'data_quality', 'quarantine'
    ]
$$;

-- Who sees which rows. Views run with the owner's rights, and every result table forces its policy on its owner, so the
-- policy holds for whoever queries a view; current_user in it is that reader. What is not known sees nothing.

CREATE FUNCTION store.sees_everything() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT coalesce(bool_or(pg_has_role(current_user, w.role, 'USAGE')), FALSE)
    FROM unnest(ARRAY[
        'huikuan_owner', 'huikuan_migrator', 'huikuan_loader', 'huikuan_mailer', 'huikuan_desk', 'huikuan_finance_ro',
        'huikuan_auditor'
    ]::name[]) AS w (role)
$$;
COMMENT ON FUNCTION store.sees_everything() IS
'Whether the reader has one of the roles that no row is hidden from; a rep''s login has none of them.';

CREATE FUNCTION store.seen_reps(p_login name) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_date date;
    v_run text;
    v_rep text;
    v_reps text[];
BEGIN
    SELECT rep_id INTO v_rep FROM store.rep_login WHERE login = p_login;
    SELECT business_date, run_id INTO v_date, v_run FROM store.published ORDER BY business_date DESC LIMIT 1;
    IF v_rep IS NULL OR v_date IS NULL THEN
        RETURN ARRAY[]::text[];
    END IF;
    -- Planned anew each time, with the date as a value: the other nights' partitions are not even opened.
    EXECUTE
        'WITH RECURSIVE people AS MATERIALIZED ('
        ' SELECT rep_id, manager_id, is_active FROM store.rep WHERE business_date = $1 AND run_id = $2'
        '), team (rep_id) AS ('
        ' SELECT rep_id FROM people WHERE rep_id = $3 AND is_active'
        ' UNION SELECT p.rep_id FROM people AS p INNER JOIN team AS t ON p.manager_id = t.rep_id'
        ') SELECT coalesce(array_agg(rep_id), ''{}'') FROM team'
        INTO v_reps USING v_date, v_run, v_rep;
    RETURN v_reps;
END
$$;
COMMENT ON FUNCTION store.seen_reps(name) IS
'The rep that a login is, and everybody below; the team as of the newest published night. Unknown logins, and
people who have left: nobody.';

CREATE FUNCTION store.seen_accounts(p_login name) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_date date;
    v_run text;
    v_accounts jsonb;
BEGIN
    SELECT business_date, run_id INTO v_date, v_run FROM store.published ORDER BY business_date DESC LIMIT 1;
    EXECUTE
        'SELECT jsonb_object_agg(length(company_id) || '':'' || company_id || account_id, TRUE)'
        ' FROM store.account WHERE business_date = $1 AND run_id = $2 AND rep_id = ANY ($3)'
        INTO v_accounts USING v_date, v_run, store.seen_reps(p_login);
    RETURN coalesce(v_accounts, '{}');
END
$$;
COMMENT ON FUNCTION store.seen_accounts(name) IS
'Accounts that the rep of a login, or somebody below, has today, as keys <length of company_id>:<company_id><account_id>:
one value, made once for a statement, in which a row''s account is found by halving.';

-- What may go, and what never does.

CREATE FUNCTION store.kept_because(p_run_id text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_date date;
    v_newest date;
BEGIN
    SELECT business_date INTO v_date FROM store.run WHERE run_id = p_run_id AND status = 'published';
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    IF EXISTS (SELECT FROM store.month_lock WHERE run_id = p_run_id) THEN
        RETURN 'month_lock';
    END IF;
    SELECT max(business_date) INTO v_newest FROM store.published;
    IF v_date >= v_newest THEN
        RETURN 'recent';
    END IF;
    IF NOT EXISTS (SELECT FROM store.published WHERE business_date = v_date AND run_id = p_run_id) THEN
        RETURN NULL;
    END IF;
    IF v_date IN (SELECT business_date FROM store.published ORDER BY business_date DESC LIMIT 31) THEN
        RETURN 'recent';
    END IF;
    -- The last published close of books of its month: business_date - 1 is the day it closes.
    IF NOT EXISTS (
        SELECT FROM store.published
        WHERE business_date > v_date AND date_trunc('month', business_date - 1) = date_trunc('month', v_date - 1)
    ) THEN
        RETURN 'month_end';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION store.kept_because(text) IS
'Why the partitions of a run stay whatever anybody asks: month_lock, month_end, recent, unknown; empty when they may go.';

CREATE FUNCTION store.drop_archived_run(p_run_id text, p_counts jsonb, p_manifest_hash text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s'
AS $$
DECLARE
    v_date date;
    v_why text;
    v_table text;
    v_name text;
    v_rows bigint;
    v_dropped integer := 0;
BEGIN
    LOCK TABLE store.published, store.month_lock IN SHARE MODE;
    v_why := store.kept_because(p_run_id);
    IF v_why IS NOT NULL THEN
        RAISE EXCEPTION 'the partitions of run % stay: %', p_run_id, v_why USING ERRCODE = 'HK004';
    END IF;
    IF p_manifest_hash !~ '^[0-9a-f]{64}$' THEN
        RAISE EXCEPTION 'run % has no manifest in the lake', p_run_id USING ERRCODE = 'HK002';
    END IF;
    SELECT business_date INTO STRICT v_date FROM store.run WHERE run_id = p_run_id;
    FOREACH v_table IN ARRAY store.result_tables() LOOP
        SELECT c.relname INTO v_name
        FROM pg_inherits AS i
        INNER JOIN pg_class AS c ON i.inhrelid = c.oid
        WHERE
            i.inhparent = format('store.%I', v_table)::regclass
            AND starts_with(c.relname, v_table || '__' || to_char(v_date, 'YYYYMMDD') || '_')
            AND starts_with(
                pg_get_expr(c.relpartbound, c.oid), format('FOR VALUES FROM (%L, %L) ', v_date, p_run_id)
            );
        IF NOT FOUND THEN
            CONTINUE;
        END IF;
        EXECUTE format('SELECT count(*) FROM store.%I', v_name) INTO v_rows;
        IF v_rows IS DISTINCT FROM (p_counts ->> v_table)::bigint THEN
            RAISE EXCEPTION '% rows of % are archived, % are there', p_counts ->> v_table, v_table, v_rows
                USING ERRCODE = 'HK003';
        END IF;
        EXECUTE format('ALTER TABLE store.%I DETACH PARTITION store.%I', v_table, v_name);
        EXECUTE format('DROP TABLE store.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    INSERT INTO store.archived_run (run_id, business_date, counts, manifest_hash, archived_at)
    VALUES (p_run_id, v_date, p_counts, p_manifest_hash, now())
    ON CONFLICT (run_id) DO NOTHING;
    RETURN v_dropped;
END
$$;
COMMENT ON FUNCTION store.drop_archived_run(text, jsonb, text) IS
'Removes the partitions of a run whose rows, counted table by table, lie in the lake; refuses what has to stay (HK004)
and what is not archived whole (HK003). All of it or nothing; a run that is gone already is no error.';

CREATE OR REPLACE FUNCTION store.show_run(p_business_date date, p_run_id text, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM store.check_token(p_business_date, p_token);
    IF NOT EXISTS (
        SELECT FROM store.run
        WHERE run_id = p_run_id AND business_date = p_business_date AND status = 'published'
    ) THEN
        RAISE EXCEPTION 'run % of % is not attached', p_run_id, p_business_date USING ERRCODE = 'HK002';
    END IF;
    IF EXISTS (SELECT FROM store.archived_run WHERE run_id = p_run_id) THEN
        RAISE EXCEPTION 'run % of % lies in the archive only', p_run_id, p_business_date USING ERRCODE = 'HK002';
    END IF;
    INSERT INTO store.published (business_date, run_id) VALUES (p_business_date, p_run_id)
    ON CONFLICT (business_date) DO UPDATE SET run_id = excluded.run_id;
END
$$;
