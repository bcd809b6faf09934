# From what llvm-cov report -show-functions prints: docs/fuzz-coverage.md. script/fuzz --coverage
BEGIN {
    print "# What the fuzz corpora reach of the device's half"
    print ""
    gsub(/\n/, " ", names)
    print "Made by `script/fuzz --coverage`: the targets " names
    print "replayed over `fuzz/corpus/`, and nothing else."
    print "Regions are those of clang's coverage mapping. Tests reach more; what these miss, and why, is in"
    print "[long runs](long-runs.md)."
}
/^File / {
    file = $2
    gsub(/[':]/, "", file)
    if (match(file, /(device|wire)\/.*/))
        file = substr(file, RSTART)
    files[++files_n] = file
    next
}
/^(Name|-|TOTAL|$)/ || NF < 7 { next }
# A function of a header is in the report once for each file that includes it: the best one counts.
{
    name = $1
    sub(/^.*:/, "", name)
    key = file " " name
    if (!(key in missed))
        keys[++keys_n] = key
    else if ($3 >= missed[key])
        next
    of[key] = file
    regions[key] = $2
    missed[key] = $3
    lines[key] = $5
    missed_lines[key] = $6
    row[key] = sprintf("| `%s` | %d | %s | %d | %s |", name, $2, $4, $5, $7)
}
END {
    for (f = 1; f <= files_n; f++) {
        printf "\n## %s\n\n| function | regions | reached | lines | reached |\n|---|---|---|---|---|\n", files[f]
        for (i = 1; i <= keys_n; i++)
            if (of[keys[i]] == files[f])
                print row[keys[i]]
    }
    for (i = 1; i <= keys_n; i++) {
        all += regions[keys[i]]
        none += regions[keys[i]] == missed[keys[i]]
        reached += regions[keys[i]] - missed[keys[i]]
        all_lines += lines[keys[i]]
        reached_lines += lines[keys[i]] - missed_lines[keys[i]]
    }
    printf "\n%d functions, %d of them not reached; ", keys_n, none
    printf "%d of %d regions (%.1f %%), ", reached, all, 100 * reached / all
    printf "%d of %d lines (%.1f %%) reached.\n", reached_lines, all_lines, 100 * reached_lines / all_lines
}
