-- One row per product: the latest record wins. A key that only a sale names has a
-- row of its own, so that no sale loses its product.
with

sold as (
    select distinct product_id from {{ ref('fact_sales') }}
)

select
    coalesce(known.product_id, sold.product_id) as product_id,
    known.product_name,
    coalesce(known.category, 'Uncategorized') as category,
    known.subcategory,
    known.brand,
    known.unit_cost,
    known.unit_price,
    coalesce(known.is_inferred, true) as is_inferred,
    known.updated_at
from {{ ref('int_products') }} as known
full outer join sold on sold.product_id = known.product_id
[[- if and (fills "products") (derives "products") ]]
where not known.is_inferred or sold.product_id is not null
[[- end ]]
