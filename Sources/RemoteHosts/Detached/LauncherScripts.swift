/// The remote side of ``DetachedProcess``, in POSIX shell.
enum LauncherScripts {
    static let missingToolCode: Int32 = 69
    static let isRunningCode: Int32 = 75

    private static let tools = """
        for tool in flock setsid timeout; do
            command -v $tool >/dev/null 2>&1 || { echo "$tool is missing" >&2; exit 69; }
        done

        """

    /// Prints the start time of process `$1`, in clock ticks since the machine's start: field 22 of proc(5)'s `stat`.
    ///
    /// The second field, a name in parentheses, may hold anything; what follows its last parenthesis is regular.
    private static let startTime = """
        start_time() {
            stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
            set -- ${stat##*") "}
            echo "${20}"
        }

        """

    /// Launches `$3…` in directory `$1` for at most `$2` seconds, and prints the leader's id.
    ///
    /// The leader is `timeout`, in a session of its own: `timeout` makes a process group, and must be the one that
    /// leads it. Below it a shell that ignores TERM notes the command's end; `mv` must ignore it too, for `timeout`
    /// passes on to the group the TERM that the group has already had, and it may come that late. All inherit
    /// descriptor 9 and with it the lock.
    static let launch =
        tools + startTime + """
            umask 077
            mkdir -p "$1" && cd "$1" || exit 70
            limit=$2
            shift 2
            exec 9>>lock
            flock -n 9 || { sleep 0.2; flock -n 9; } || exit 75
            rm -f exit exit.tmp pid pid.tmp
            LAUNCH='trap : TERM
                stat=$(cat "/proc/$PPID/stat")
                started=$(set -- ${stat##*") "}; echo "${20}")
                echo "$PPID $started" >pid.tmp && mv pid.tmp pid || exit 70
                "$0" "$@"
                code=$?
                trap "" TERM
                echo $code >exit.tmp; mv exit.tmp exit
                exit $code'
            setsid timeout -k 10 "$limit" sh -c "$LAUNCH" "$@" </dev/null >>out.log 2>>err.log &
            tries=0
            while [ ! -s pid ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
            read -r leader started <pid || { tail -n 3 err.log >&2; exit 71; }
            echo "$leader"
            """

    /// Says how the run in directory `$1` stands.
    static let state =
        tools + """
            cd "$1" 2>/dev/null && [ -e lock ] || { echo absent; exit 0; }
            if ! flock -n -s lock true; then echo running
            elif [ -s exit ]; then echo "exited $(cat exit)"
            else echo lost; fi
            """

    /// Stops the run in directory `$1`, with `$2` seconds between TERM and KILL, and says how it stands then.
    ///
    /// When the leader is gone or its id is another's by now, those that hold the lock open are signalled one by one.
    static let stop =
        tools + startTime + """
            cd "$1" 2>/dev/null && [ -e lock ] || { echo absent; exit 0; }
            grace=$2
            over() {
                if [ -s exit ]; then echo "exited $(cat exit)"; else echo lost; fi
                exit 0
            }
            is_over() { flock -n -s lock true; }
            wait_for() {
                tries=$(($1 * 10))
                until is_over; do
                    [ $tries -gt 0 ] || return 1
                    tries=$((tries - 1))
                    sleep 0.1
                done
            }
            send() {
                leader='' started=''
                [ ! -s pid ] || read -r leader started <pid
                if [ -n "$leader" ] && [ -n "$started" ] && [ "$(start_time "$leader")" = "$started" ]; then
                    kill -"$1" -"$leader" 2>/dev/null && [ "$1" != KILL ] && return 0
                fi
                for descriptor in /proc/[0-9]*/fd/9; do
                    [ "$descriptor" -ef lock ] || continue
                    process=${descriptor#/proc/}
                    kill -"$1" "${process%%/*}" 2>/dev/null
                done
                return 0
            }
            is_over && over
            send TERM
            wait_for "$grace" && over
            send KILL
            wait_for 5 && over
            echo 'processes are left that even KILL did not end' >&2
            exit 76
            """
}
