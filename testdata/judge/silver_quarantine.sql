-- "table, reason, values (JSON of the non-NULL bronze columns in declared order, as strings), source_file, source_row.
-- It comes before deduplication; the first reason in this order counts. […] Customers and products: missing_key."
-- The comparer compares `values` parsed: the same keys in the same order with the same strings.

-- One member of a JSON object, or NULL.
CREATE MACRO member(name, value) AS CASE WHEN value IS NOT NULL THEN '"' || name || '":' || to_json(value::VARCHAR) END;
CREATE MACRO instant(moment) AS
    regexp_replace(strftime(timezone('UTC', moment), '%Y-%m-%dT%H:%M:%S.%f'), '\.?0+$', '') || 'Z';

CREATE TABLE silver.quarantine AS
WITH customers AS (
    SELECT 'customers' AS "table", 'missing_key' AS reason, _source_file, _source_row,
           [member('customer_id', customer_id), member('first_name', first_name), member('last_name', last_name),
            member('full_name', full_name), member('email', email), member('phone', phone), member('gender', gender),
            member('birth_date', birth_date), member('address', address), member('city', city), member('state', state),
            member('postal_code', postal_code), member('country', country), member('segment', segment),
            member('signup_date', signup_date), member('updated_at', instant(updated_at)),
            member('_source_file', _source_file), member('_source_row', _source_row), member('_batch_id', _batch_id),
            member('_rescued_data', _rescued_data)] AS members
    FROM bronze.customers
    WHERE clean(customer_id) IS NULL
),
products AS (
    SELECT 'products', 'missing_key', _source_file, _source_row,
           [member('product_id', product_id), member('product_name', product_name), member('category', category),
            member('subcategory', subcategory), member('brand', brand), member('unit_cost', unit_cost),
            member('unit_price', unit_price), member('currency', currency), member('updated_at', instant(updated_at)),
            member('_source_file', _source_file), member('_source_row', _source_row), member('_batch_id', _batch_id),
            member('_rescued_data', _rescued_data)]
    FROM bronze.products
    WHERE clean(product_id) IS NULL
),
sales AS (
    SELECT 'sales', l.reason, b._source_file, b._source_row,
           [member('order_id', b.order_id), member('line_number', b.line_number), member('line_type', b.line_type),
            member('status', b.status), member('ordered_at', instant(b.ordered_at)),
            member('returned_at', instant(b.returned_at)), member('customer_id', b.customer_id),
            member('product_id', b.product_id), member('quantity', b.quantity), member('unit_price', b.unit_price),
            member('line_amount', b.line_amount), member('discount_rate', b.discount_rate),
            member('discount_amount', b.discount_amount), member('tax_amount', b.tax_amount),
            member('currency', b.currency), member('channel', b.channel), member('payment_method', b.payment_method),
            member('city', b.city), member('state', b.state), member('postal_code', b.postal_code),
            member('country', b.country), member('original_order_id', b.original_order_id),
            member('updated_at', instant(b.updated_at)),
            member('_source_file', b._source_file), member('_source_row', b._source_row),
            member('_batch_id', b._batch_id), member('_rescued_data', b._rescued_data)]
    FROM bronze.sales b
    JOIN work.lines l ON l._source_file = b._source_file AND l._source_row = b._source_row
    WHERE l.reason IS NOT NULL
)
SELECT q."table", q.reason,
       '{' || array_to_string(list_filter(q.members, lambda m: m IS NOT NULL), ',') || '}' AS values,
       q._source_file AS source_file, q._source_row AS source_row
FROM (FROM customers UNION ALL FROM products UNION ALL FROM sales) q
JOIN rules.source_files f ON f.table_name = q."table" AND f.file = q._source_file
ORDER BY q."table", f.number, q._source_row;
