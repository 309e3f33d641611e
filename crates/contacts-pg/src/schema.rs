// @generated automatically by Diesel CLI.

diesel::table! {
    action_chunks (org_id, action_id, chunk) {
        org_id -> Uuid,
        action_id -> Uuid,
        chunk -> Int4,
        first_id -> Uuid,
        last_id -> Uuid,
        at -> Timestamptz,
        changed -> Array<Nullable<Uuid>>,
        unchanged -> Array<Nullable<Uuid>>,
        skipped -> Jsonb,
    }
}

diesel::table! {
    actions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        detail -> Jsonb,
        selection_id -> Uuid,
        state -> Text,
        problem -> Nullable<Text>,
        contacts -> Int8,
        chunks -> Int4,
        chunks_done -> Int4,
        tally -> Jsonb,
        file_id -> Nullable<Uuid>,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    activity (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        contact_id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        kind -> Text,
        detail -> Jsonb,
    }
}

diesel::table! {
    addresses (org_id, email_key) {
        org_id -> Uuid,
        email_key -> Text,
        contact_id -> Uuid,
        email -> Text,
        is_primary -> Bool,
        added_at -> Timestamptz,
        source -> Text,
    }
}

diesel::table! {
    api_keys (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        scopes -> Array<Nullable<Text>>,
        hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    campaigns (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        name -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    connected_sources (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        name_key -> Text,
        connector -> Text,
        settings -> Jsonb,
        secrets -> Jsonb,
        stream -> Text,
        mode -> Jsonb,
        mapping -> Jsonb,
        schedule -> Nullable<Jsonb>,
        vanish -> Jsonb,
        paused -> Bool,
        state -> Nullable<Bytea>,
        failures -> Int4,
        problem -> Nullable<Text>,
        next_run_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    contact_changes (org_id, contact_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    contact_conversations (org_id, contact_id, conversation_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        conversation_id -> Uuid,
    }
}

diesel::table! {
    contact_sources (org_id, contact_id, kind, detail_id, reference) {
        org_id -> Uuid,
        contact_id -> Uuid,
        kind -> Text,
        detail_id -> Uuid,
        reference -> Text,
        visitor -> Nullable<Text>,
        row_number -> Nullable<Int8>,
        at -> Timestamptz,
        is_first -> Bool,
        key_id -> Nullable<Uuid>,
        said -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    contact_tags (org_id, contact_id, tag_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        tag_id -> Uuid,
    }
}

diesel::table! {
    contacts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Nullable<Text>,
        name_key -> Text,
        email -> Nullable<Text>,
        email_key -> Text,
        phone -> Nullable<Text>,
        phone_e164 -> Nullable<Text>,
        search -> Text,
        custom -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        other_emails -> Array<Nullable<Text>>,
        external_id -> Nullable<Text>,
    }
}

diesel::table! {
    conversations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        widget_id -> Uuid,
        visitor -> Text,
        started_at -> Timestamptz,
        last_message_at -> Timestamptz,
        messages -> Int4,
        preview -> Text,
        link -> Text,
        is_released -> Bool,
    }
}

diesel::table! {
    deliveries (org_id, id) {
        org_id -> Uuid,
        id -> Text,
        contact_id -> Uuid,
        campaign_id -> Uuid,
        kind -> Text,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    dry_run_chunks (org_id, dry_run_id, chunk) {
        org_id -> Uuid,
        dry_run_id -> Uuid,
        chunk -> Int8,
        outcomes -> Bytea,
    }
}

diesel::table! {
    dry_run_contacts (org_id, dry_run_id, contact_id) {
        org_id -> Uuid,
        dry_run_id -> Uuid,
        contact_id -> Uuid,
        is_stored -> Bool,
        email_key -> Text,
        other_keys -> Array<Nullable<Text>>,
        external_id -> Nullable<Text>,
        person -> Jsonb,
    }
}

diesel::table! {
    dry_runs (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        import_id -> Uuid,
        state -> Text,
        problem -> Nullable<Text>,
        rows_read -> Int8,
        tally -> Jsonb,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
        total -> Nullable<Int8>,
        actor_kind -> Nullable<Text>,
        actor_id -> Nullable<Uuid>,
        is_outdated -> Bool,
    }
}

diesel::table! {
    erasures (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        contact_id -> Uuid,
        forget_unsubscribe -> Bool,
        state -> Text,
        sought -> Nullable<Jsonb>,
        reached -> Nullable<Uuid>,
        waits_for -> Array<Nullable<Uuid>>,
        files -> Int8,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    event_counters (org_id) {
        org_id -> Uuid,
        last_number -> Int8,
        contacts -> Int8,
        counted_number -> Int8,
    }
}

diesel::table! {
    events (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        number -> Nullable<Int8>,
        kind -> Text,
        contacts -> Array<Nullable<Uuid>>,
        fields -> Array<Nullable<Text>>,
        survivor_id -> Nullable<Uuid>,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    fields (org_id, key) {
        org_id -> Uuid,
        key -> Text,
        label -> Text,
        kind -> Text,
        options -> Nullable<Array<Nullable<Text>>>,
        position -> Int4,
        archived -> Bool,
        version -> Int8,
        searchable -> Bool,
    }
}

diesel::table! {
    file_chunks (org_id, file_id, chunk) {
        org_id -> Uuid,
        file_id -> Uuid,
        chunk -> Int4,
        bytes -> Bytea,
    }
}

diesel::table! {
    identities (org_id, issuer, subject) {
        org_id -> Uuid,
        issuer -> Text,
        subject -> Text,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    import_chunks (org_id, import_id, chunk) {
        org_id -> Uuid,
        import_id -> Uuid,
        chunk -> Int8,
        rows -> Int8,
        again -> Array<Nullable<Uuid>>,
        changes -> Bytea,
    }
}

diesel::table! {
    import_corrections (org_id, import_id, row_number, column_number) {
        org_id -> Uuid,
        import_id -> Uuid,
        row_number -> Int8,
        column_number -> Int4,
        cell -> Text,
    }
}

diesel::table! {
    import_issues (org_id, import_id, row_number, ordinal) {
        org_id -> Uuid,
        import_id -> Uuid,
        row_number -> Int8,
        ordinal -> Int4,
        line -> Int8,
        code -> Text,
        reason -> Text,
    }
}

diesel::table! {
    import_retries (org_id, import_id, row_number) {
        org_id -> Uuid,
        import_id -> Uuid,
        row_number -> Int8,
    }
}

diesel::table! {
    imports (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        file_id -> Uuid,
        file_name -> Text,
        bytes -> Int8,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        state -> Text,
        problem -> Nullable<Text>,
        analysis -> Nullable<Jsonb>,
        plan -> Nullable<Jsonb>,
        rows_read -> Int8,
        tally -> Jsonb,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        file_state -> Text,
        touched_at -> Nullable<Timestamptz>,
        layout -> Nullable<Jsonb>,
        header_fingerprint -> Nullable<Int8>,
        confirmed_at -> Nullable<Timestamptz>,
        corrected_rows -> Int8,
        retried_rows -> Nullable<Int8>,
    }
}

diesel::table! {
    installation (id) {
        id -> Int4,
        secret_fingerprint -> Bytea,
    }
}

diesel::table! {
    invitations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        email -> Text,
        email_key -> Text,
        role -> Text,
        hash -> Bytea,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    jobs (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        due_at -> Timestamptz,
        failures -> Int4,
        worker_id -> Nullable<Uuid>,
        leased_until -> Nullable<Timestamptz>,
        given_up_at -> Nullable<Timestamptz>,
        called -> Bool,
    }
}

diesel::table! {
    journal (org_id, subject_id, chunk) {
        org_id -> Uuid,
        subject_id -> Uuid,
        chunk -> Int4,
        kind -> Text,
        at -> Timestamptz,
        contacts -> Int8,
        first_id -> Uuid,
        last_id -> Uuid,
        changes -> Bytea,
    }
}

diesel::table! {
    kept_items (org_id, subject_id, contact_id, field) {
        org_id -> Uuid,
        subject_id -> Uuid,
        contact_id -> Uuid,
        field -> Text,
        reason -> Text,
    }
}

diesel::table! {
    last_conversations (org_id, contact_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        last_message_at -> Timestamptz,
    }
}

diesel::table! {
    limit_locks (org_id, resource) {
        org_id -> Uuid,
        resource -> Text,
    }
}

diesel::table! {
    merged_contacts (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        survivor_id -> Uuid,
        at -> Timestamptz,
        trace -> Nullable<Jsonb>,
    }
}

diesel::table! {
    notes (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        contact_id -> Uuid,
        author_kind -> Text,
        author_id -> Nullable<Uuid>,
        text -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    organisations (id) {
        id -> Uuid,
        name -> Text,
        region -> Nullable<Text>,
        created_at -> Timestamptz,
        search_version -> Int4,
    }
}

diesel::table! {
    possible_duplicates (org_id, contact_id, other_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        other_id -> Uuid,
        at -> Timestamptz,
        dismissed -> Bool,
        captured -> Bool,
    }
}

diesel::table! {
    search_rebuilds (org_id) {
        org_id -> Uuid,
        last_contact_id -> Uuid,
    }
}

diesel::table! {
    segments (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        key -> Text,
        filter -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        sort -> Nullable<Text>,
        layout -> Jsonb,
        owner_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    selection_chunks (org_id, selection_id, chunk) {
        org_id -> Uuid,
        selection_id -> Uuid,
        chunk -> Int4,
        ids -> Array<Nullable<Uuid>>,
    }
}

diesel::table! {
    selections (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        filter -> Nullable<Jsonb>,
        contacts -> Int8,
        chunks -> Int4,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sessions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        user_id -> Uuid,
        hash -> Bytea,
        agent -> Text,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sign_in_links (org_id, hash) {
        org_id -> Uuid,
        hash -> Bytea,
        user_id -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    source_links (org_id, source_id, external_id) {
        org_id -> Uuid,
        source_id -> Uuid,
        external_id -> Text,
        contact_id -> Uuid,
        said -> Bytea,
        vanished -> Bool,
        seen_run_id -> Uuid,
    }
}

diesel::table! {
    stored_answers (org_id, key) {
        org_id -> Uuid,
        key -> Bytea,
        fingerprint -> Bytea,
        claimed_by -> Uuid,
        is_running -> Bool,
        is_erased -> Bool,
        answer -> Nullable<Bytea>,
        expires_at -> Timestamptz,
        commits -> Int4,
        status -> Nullable<Int2>,
    }
}

diesel::table! {
    subscriptions (org_id, contact_id, campaign_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        campaign_id -> Uuid,
        pending_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        opened_at -> Nullable<Timestamptz>,
        clicked_at -> Nullable<Timestamptz>,
        bounced_at -> Nullable<Timestamptz>,
        unsubscribed_at -> Nullable<Timestamptz>,
        status -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    suppressions (org_id, address_hash) {
        org_id -> Uuid,
        address_hash -> Bytea,
        created_at -> Timestamptz,
        reason -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    sync_runs (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        source_id -> Uuid,
        state -> Text,
        actor_kind -> Nullable<Text>,
        actor_id -> Nullable<Uuid>,
        tally -> Jsonb,
        vanished -> Int8,
        attempt -> Int4,
        stalled -> Int4,
        problem -> Nullable<Text>,
        log -> Array<Nullable<Text>>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    tags (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        key -> Text,
        created_at -> Timestamptz,
        version -> Int8,
        renamed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    trail (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        kind -> Text,
        subject_id -> Nullable<Uuid>,
        contacts -> Nullable<Int8>,
        details -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    undos (org_id, subject_id) {
        org_id -> Uuid,
        id -> Uuid,
        subject_id -> Uuid,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        state -> Text,
        problem -> Nullable<Text>,
        was -> Nullable<Text>,
        chunks -> Int8,
        chunks_done -> Int8,
        tally -> Jsonb,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
        chunks_done_before -> Int8,
        kind -> Text,
    }
}

diesel::table! {
    unsubscribes (org_id, contact_id) {
        org_id -> Uuid,
        contact_id -> Uuid,
        at -> Timestamptz,
        reason -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    users (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        role -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        last_seen_at -> Nullable<Timestamptz>,
        deactivated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    visitors (org_id, widget_id, visitor) {
        org_id -> Uuid,
        widget_id -> Uuid,
        visitor -> Text,
        contact_id -> Uuid,
    }
}

diesel::table! {
    webhook_deliveries (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        webhook_id -> Uuid,
        kind -> Text,
        number -> Nullable<Int8>,
        state -> Text,
        attempts -> Int4,
        due_at -> Timestamptz,
        created_at -> Timestamptz,
        attempted_at -> Nullable<Timestamptz>,
        status -> Nullable<Int4>,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    webhooks (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        url -> Text,
        types -> Array<Nullable<Text>>,
        paused -> Nullable<Text>,
        secret -> Bytea,
        old_secret -> Nullable<Bytea>,
        old_secret_until -> Nullable<Timestamptz>,
        cursor -> Int8,
        failures -> Int4,
        rests_until -> Nullable<Timestamptz>,
        missed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        version -> Int8,
        include_contacts -> Bool,
    }
}

diesel::table! {
    widget_names (org_id, widget_id) {
        org_id -> Uuid,
        widget_id -> Uuid,
        name -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    action_chunks,
    actions,
    activity,
    addresses,
    api_keys,
    campaigns,
    connected_sources,
    contact_changes,
    contact_conversations,
    contact_sources,
    contact_tags,
    contacts,
    conversations,
    deliveries,
    dry_run_chunks,
    dry_run_contacts,
    dry_runs,
    erasures,
    event_counters,
    events,
    fields,
    file_chunks,
    identities,
    import_chunks,
    import_corrections,
    import_issues,
    import_retries,
    imports,
    installation,
    invitations,
    jobs,
    journal,
    kept_items,
    last_conversations,
    limit_locks,
    merged_contacts,
    notes,
    organisations,
    possible_duplicates,
    search_rebuilds,
    segments,
    selection_chunks,
    selections,
    sessions,
    sign_in_links,
    source_links,
    stored_answers,
    subscriptions,
    suppressions,
    sync_runs,
    tags,
    trail,
    undos,
    unsubscribes,
    users,
    visitors,
    webhook_deliveries,
    webhooks,
    widget_names,
);
