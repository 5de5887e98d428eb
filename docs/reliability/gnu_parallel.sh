#!/bin/sh
# 16 items with GNU parallel, and the process of item 7 is killed. The others have results, and the log says what happened.
log=$(mktemp)
parallel --keep-order --joblog "$log" 'test {} = 7 && kill -KILL $$; echo $(({} * {}))' ::: $(seq 0 15) | wc -l
awk 'NR > 1 && $8 { print "item " $1 - 1 ": signal " $8 }' "$log"
rm "$log"
