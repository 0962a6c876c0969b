-- Corrections: drafts are made anew until they go to the books, and what comes after a subscription's end is invoiced.

ALTER TABLE app.invoices DROP CONSTRAINT invoices_reason;
ALTER TABLE app.invoices ADD CONSTRAINT invoices_reason
    CHECK (reason IN ('start', 'cancel', 'change', 'trial_end', 'renewal', 'threshold', 'correction'));

-- A draft is no part of the books: what comes while it waits is still on it. What was finalized stays as it was.
CREATE FUNCTION app.keep_finalized() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM app.invoices i
        WHERE i.tenant_id = OLD.tenant_id AND i.id = OLD.invoice_id AND i.status = 'draft')
    THEN
        RAISE EXCEPTION 'invoice % is no draft; what it says stays', OLD.invoice_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER keep_finalized BEFORE DELETE ON app.invoice_lines FOR EACH ROW EXECUTE FUNCTION app.keep_finalized();
CREATE TRIGGER keep_finalized BEFORE DELETE ON app.credit_uses FOR EACH ROW EXECUTE FUNCTION app.keep_finalized();
CREATE TRIGGER keep_finalized BEFORE DELETE ON app.credit_movements FOR EACH ROW EXECUTE FUNCTION app.keep_finalized();
GRANT DELETE ON app.invoice_lines, app.credit_uses, app.credit_movements TO abono_system, abono_admin;

CREATE FUNCTION app.keep_amounts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'invoice % is no draft; what it says stays', OLD.id USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER keep_amounts
    BEFORE UPDATE OF subtotal_minor, discount_minor, tax_minor, total_minor, credited_minor, refund_due_minor,
        credits_applied_minor, amount_due_minor, tax_status, recorded_at ON app.invoices
    FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION app.keep_amounts();
GRANT UPDATE (subtotal_minor, discount_minor, tax_minor, total_minor, credited_minor, refund_due_minor,
              credits_applied_minor, amount_due_minor, tax_status, recorded_at)
    ON app.invoices TO abono_system, abono_admin;

-- What the usage of a subscription that is over came to when it was looked at last.
CREATE TABLE app.ended_usage (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    seen text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id)
);
SELECT app.distribute('app.ended_usage');
SELECT app.isolate('app.ended_usage');
ALTER TABLE app.ended_usage ADD CONSTRAINT ended_usage_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
GRANT SELECT, INSERT, UPDATE (seen, recorded_at) ON app.ended_usage TO abono_system;
GRANT SELECT ON app.ended_usage TO abono_finance, abono_admin;
CREATE INDEX subscriptions_ended ON app.subscriptions (ended_at, tenant_id, id) WHERE ended_at IS NOT NULL;

-- How less usage of what was invoiced is given back: as lines of the next invoice, which is so where nothing is said, or
-- by credit notes.
CREATE TABLE app.correction_settings (
    tenant_id uuid PRIMARY KEY,
    by_credit_note boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.distribute('app.correction_settings');
SELECT app.isolate('app.correction_settings');
ALTER TABLE app.correction_settings ADD CONSTRAINT correction_settings_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
GRANT SELECT ON app.correction_settings TO abono_tenant, abono_finance, abono_system;
GRANT SELECT, INSERT, UPDATE (by_credit_note, recorded_at, author) ON app.correction_settings TO abono_admin;

-- Whether a credit note gives back what usage has become less: then that counts as not billed.
ALTER TABLE app.credit_notes ADD COLUMN corrects_usage boolean NOT NULL DEFAULT false;
ALTER TABLE app.credit_notes ALTER COLUMN corrects_usage DROP DEFAULT;
