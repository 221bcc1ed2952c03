with

texts as (
    -- What each column is made of, as the files have it; NULL where they have nothing.
    select
        [[- range .Texts ]]
        [[ .SQL ]] as [[ .Name ]],
        [[- end ]]
        [[ .Of ]]_source_file,
        [[ .Of ]]_source_row
    from {{ source('files', '[[ .Source ]]') }}[[ if .Joins ]] as record[[ end ]]
    [[- range .Joins ]]
    left join {{ ref('[[ .Model ]]') }} as [[ .Alias ]]
        on [[ .Alias ]].key = [[ .Key ]]
    [[- end ]]
)
[[- if .Mapped ]],

mapped as (
    -- Values that smelt.yml replaces.
    select
        *
        [[- range .Mapped ]],
        [[ .SQL ]] as [[ .Name ]]
        [[- end ]]
    from texts
)
[[- end ]]
[[- if .Numbers ]],

numbers as (
    -- Numbers in plain notation.
    select
        *
        [[- range .Numbers ]],
        [[ .SQL ]] as [[ .Name ]]
        [[- end ]]
    from [[ if .Mapped ]]mapped[[ else ]]texts[[ end ]]
)
[[- end ]]
[[- if .Clocks ]],

clocks as (
    -- Days and times as they are written, whatever the zone.
    select
        *
        [[- range .Clocks ]],
        [[ .SQL ]] as [[ .Name ]]
        [[- end ]]
    from [[ if .Numbers ]]numbers[[ else if .Mapped ]]mapped[[ else ]]texts[[ end ]]
)
[[- end ]]
[[- if .Typed ]],

typed as (
    -- What a type cannot hold is NULL.
    select
        *
        [[- range .Typed ]],
        [[ .SQL ]] as [[ .Name ]]
        [[- end ]]
    from [[ if .Clocks ]]clocks[[ else if .Numbers ]]numbers[[ else if .Mapped ]]mapped[[ else ]]texts[[ end ]]
)
[[- end ]]
[[- if .Rescued ]],

rescued as (
    -- Texts that their column could not hold, by their names in the files.
    select
        *,
        [[ .Rescued ]] as rescued
    from typed
)
[[- end ]]

select
    [[- range $i, $c := .Columns ]][[ if $i ]],[[ end ]]
    [[ if ne $c.SQL $c.Name ]][[ $c.SQL ]] as [[ end ]][[ $c.Name ]]
    [[- end ]]
from [[ if .Rescued ]]rescued[[ else if .Typed ]]typed[[ else if .Mapped ]]mapped[[ else ]]texts[[ end ]]
