#!/bin/sh
# Runs mongo-java-server (https://github.com/bwaldvogel/mongo-java-server) with its H2 storage:
#     .ci/mongo-java-server/start.sh PORT DATAFILE
# It listens on 127.0.0.1 only, prints "ready" once it does, and stops on SIGTERM. Needs a JDK 17
# and Maven; the first start builds it into build/mongo-java-server.
#
# Limits of 1.47.0 to know of: a collection renamed keeps its data under its old name in the H2
# file, so that they are found there, not under the new name, after a restart, and a new collection
# of the old name shares them; nInserted counts duplicates too; a `kill -9` loses the last second.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 PORT DATAFILE" >&2
    exit 2
fi

source=$(cd "$(dirname "$0")" && pwd)
build=$source/../../build/mongo-java-server
built=$build/built

if [ ! -e "$built" ] || [ -n "$(find "$source" -newer "$built")" ]; then
    mvn --quiet --batch-mode -Dstyle.color=never --file "$source/pom.xml" \
        clean compile dependency:copy-dependencies >&2
    touch "$built"
fi

exec java -cp "$build/classes:$build/dependency/*" Server "$1" "$2"
