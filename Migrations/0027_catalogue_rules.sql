-- What is agreed on stays in its order, and what was printed stays as it was.

-- Of coupons that count from one instant on, the one that was redeemed first takes first.
ALTER TABLE app.coupon_redemptions ADD COLUMN seq int CHECK (seq >= 1);
UPDATE app.coupon_redemptions r SET seq = n.seq
FROM (
    SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id, subscription_id ORDER BY redeemed_at, id) AS seq
    FROM app.coupon_redemptions
) n
WHERE r.tenant_id = n.tenant_id AND r.id = n.id;
ALTER TABLE app.coupon_redemptions ALTER COLUMN seq SET NOT NULL;
ALTER TABLE app.coupon_redemptions ADD CONSTRAINT coupon_redemptions_order UNIQUE (tenant_id, subscription_id, seq);

-- What a legal entity was called before it was changed, for the documents from before: the rows that were replaced.
CREATE TABLE app.former_legal_entities (
    legal_entity_id uuid NOT NULL,
    -- Recorded time: what was recorded before this instant knew it so.
    replaced_at timestamptz NOT NULL,
    name text NOT NULL,
    country char(2),
    tax_id text,
    address text[] NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (legal_entity_id, replaced_at)
);
SELECT app.replicate('app.former_legal_entities');
ALTER TABLE app.former_legal_entities ADD CONSTRAINT former_legal_entities_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
GRANT SELECT ON app.former_legal_entities TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.former_legal_entities TO abono_admin;

-- The same of tenants; what decides on their taxes has a history of its own.
CREATE TABLE app.former_tenants (
    tenant_id uuid NOT NULL,
    replaced_at timestamptz NOT NULL,
    name text NOT NULL,
    email text,
    time_zone text NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, replaced_at)
);
SELECT app.distribute('app.former_tenants');
SELECT app.isolate('app.former_tenants');
ALTER TABLE app.former_tenants ADD CONSTRAINT former_tenants_tenant
    FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id);
GRANT SELECT ON app.former_tenants TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.former_tenants TO abono_admin;

-- Events that name a subscription are refused where there is none.
GRANT SELECT (tenant_id, id) ON app.subscriptions TO abono_ingest;
