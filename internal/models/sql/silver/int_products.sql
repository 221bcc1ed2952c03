-- The products that [[ if fills "products" ]]files[[ if derives "products" ]] or [[ end ]][[ end ]][[ if derives "products" ]]sales lines[[ end ]] describe, cleaned: the latest record of each.
with

[[ if fills "products" -]]
records as (
    select
        [[ text "products" "product_id" ]],
        [[ text "products" "product_name" ]],
        [[ text "products" "category" ]],
        [[ text "products" "subcategory" ]],
        [[ text "products" "brand" ]],
        -- A negative cost or price is none.
        {{ non_negative('unit_cost') }} as unit_cost,
        {{ non_negative('unit_price') }} as unit_price,
        updated_at,
        _source_file,
        _source_row
    from {{ ref('products') }}
),

ranked as (
    -- The latest change wins, then what stands last in the files.
    select
        *,
        row_number() over (
            partition by product_id
            order by
                [[- if maps "products" "updated_at" ]] updated_at desc nulls last,[[ end ]] [[ newestFirst "products" ]]
        ) as place
    from records
    where product_id is not null
),

[[ end -]]
[[ if derives "products" -]]
[[ $given := attributes "products" -]]
lines as (
    select
        {{ clean_text('product_id') }} as product_id,
        [[- range $given ]][[ if ne . "updated_at" ]]
        [[ if isText "products" . ]]{{ clean_text('[[ . ]]') }} as [[ end ]][[ . ]],
        [[- end ]][[ end ]]
        updated_at,
        _source_file,
        _source_row
    from {{ ref('[[ lines "products" ]]') }}
),

aged as (
    select
        *,
        row_number() over (
            partition by product_id
            order by updated_at nulls first, [[ recordOrder "sales" ]]
        ) as age
    from lines
    where product_id is not null
),

described as (
    -- What the lines say of a product: of each column the latest value that is given.
    select
        product_id,
        [[- range columns "products" ]]
        [[ if eq . "updated_at" ]]max(updated_at)
        [[- else if not (has $given .) ]]cast(null as [[ type "products" . ]])
        [[- else if isText "products" . ]]max_by([[ . ]], age) filter (where [[ . ]] is not null)
        [[- else ]]max_by([[ . ]], age) filter (where [[ . ]] >= 0)
        [[- end ]] as [[ . ]][[ comma "products" . ]]
        [[- end ]]
    from aged
    group by product_id
),

[[ end -]]
known as (
    [[- if fills "products" ]]
    select
        product_id,
        [[ list "products" ]],
        false as is_inferred
    from ranked
    where place = 1
    [[- if derives "products" ]]

    union all

    -- Lines describe only products that no file has, and these are one only if a line can be used.
    select
        product_id,
        [[ list "products" ]],
        true as is_inferred
    from described
    where not exists (select 1 from ranked where ranked.product_id = described.product_id)
    [[- end ]]
    [[- else if derives "products" ]]
    select
        product_id,
        [[ list "products" ]],
        false as is_inferred
    from described
    [[- else ]]
    -- No file and no line tells of any.
    select
        product_id,
        [[ list "products" ]],
        false as is_inferred
    from {{ ref('products') }}
    [[- end ]]
)
[[- $spelled := spelled ]]
[[- range $i, $column := $spelled ]],

[[ $column ]]_spellings as (
    [[- if eq $i 0 ]]
    -- One spelling for each value: the one that most products have, ties to the first in byte order.
    [[- end ]]
    select
        {{ spelling_key('[[ $column ]]') }} as spelling_key,
        [[ $column ]],
        row_number() over (
            partition by {{ spelling_key('[[ $column ]]') }}
            order by
                [[- if and (fills "products") (derives "products") ]]
                -- what lines say counts only where no file has the value
                count(*) filter (where not is_inferred) desc,
                case when count(*) filter (where not is_inferred) = 0 then count(*) end desc,
                [[ else ]] count(*) desc, [[ end -]]
                [[ $column ]]
        ) as place
    from known
    where [[ $column ]] is not null
    group by [[ $column ]]
)
[[- end ]]

select
    known.product_id,
    known.product_name,
    coalesce([[ if has $spelled "category" ]]category_spellings[[ else ]]known[[ end ]].category, 'Uncategorized') as category,
    [[ if has $spelled "subcategory" ]]subcategory_spellings[[ else ]]known[[ end ]].subcategory,
    [[ if has $spelled "brand" ]]brand_spellings[[ else ]]known[[ end ]].brand,
    known.unit_cost,
    known.unit_price,
    known.is_inferred,
    known.updated_at
from known
[[- range $spelled ]]
left join [[ . ]]_spellings
    on [[ . ]]_spellings.spelling_key = {{ spelling_key('known.[[ . ]]') }} and [[ . ]]_spellings.place = 1
[[- end ]]
