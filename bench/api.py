"""The JSON API beside pgbench: one row read, a guarded update, a list of 100 rows."""

import pathlib
import subprocess

import rig

PATHS = {"json read": "/articles/@ID@",
         "guarded update": "/articles?id=eq.@ID@&updated_at=eq.@VERSION@",
         "list of 100": "/articles?id=gt.@ID@&limit=100"}
# What one client's list may cost: at most 1.5 times what the same rows cost over a kept connection.
LIST_GOAL = 1 / 1.5
READ_GOAL, UPDATE_GOAL = 0.20, 0.60  # those of the pages

ROW = ('"t"."id", "t"."title", "t"."body", "t"."author", "t"."stock", "t"."price", '
       '"t"."updated_at"')
TOKEN = """to_char("t"."updated_at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "_version\""""
SCRIPTS = {
    "json read": f"""\\set id random(:first, :last)
\\startpipeline
SELECT "t"."updated_at"::text AS _v, NULL::text AS _x, (SELECT row_to_json(j)::text FROM (SELECT {ROW}) j)
 FROM "public"."articles" AS t WHERE "id" = :id::bigint;
\\endpipeline
""",
    "list of 100": f"""\\set id random(:first, :last - 100)
SELECT json_agg(j) FROM (SELECT {ROW}, {TOKEN} FROM "public"."articles" AS t
 WHERE "t"."id" > :id::bigint ORDER BY "t"."id" LIMIT 100) j;
""",
}


class Load(rig.Load):
    """The load generator on the API; its rows are those of the first half."""

    def __init__(self, program, site, work, folder, database, connections):
        self.site, self.work = site, work
        count = rig.ROWS // 2
        command = [program, "--port", site.port, "--path", PATHS[work], "--rows", f"1,{count}",
                   "--accept", "application/json", "--connections", connections]
        if work == "guarded update":
            (folder / "api-body").write_text('{"stock":@STOCK@}')
            versions = database.psql("-F", " ", "-c",
                                     f"SELECT id, stock, {rig.VERSION} FROM articles")
            (folder / "api-versions").write_text(versions + "\n")
            command += ["--work", "save", "--method", "PATCH", "--media", "application/json",
                        "--expect", "204", "--body", folder / "api-body",
                        "--versions", folder / "api-versions"]
        else:
            command += ["--work", "read"]
        if work == "list of 100":
            command += ["--least", "50000"]
        self.process = subprocess.Popen([str(part) for part in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class Pgbench(rig.Pgbench):
    def __init__(self, database, work, clients, folder, mode="prepared"):
        super().__init__(database, "read", clients)
        path = pathlib.Path(folder) / f"{work.replace(' ', '-')}.sql"
        if work in SCRIPTS:
            path.write_text(SCRIPTS[work])
        else:
            path = rig.HERE / "pgbench-save.sql"
        self.command[self.command.index("-f") + 1] = path
        self.command[self.command.index("-M") + 1] = mode
        self.command[self.command.index("-j") + 1] = min(2, clients)


def compared(bench, site, side, compare):
    """Notes the three comparisons: the list with one client on either side, the others with many."""
    for work, ours_clients, clients, mode, goal in (
            ("json read", rig.CONNECTIONS, 8, "prepared", READ_GOAL),
            ("guarded update", rig.CONNECTIONS, 32, "prepared", UPDATE_GOAL),
            ("list of 100", 1, 1, "simple", LIST_GOAL)):
        load = Load(bench.load, site, work, bench.folder, bench.database, ours_clients)
        ours = side(site.name, load, site, bench.database)
        theirs = side(f"pgbench, {clients} clients" if clients > 1 else "json_agg, one client",
                              Pgbench(bench.database, work, clients, bench.folder, mode))
        bench.note(work, "lighttpd", goal, compare(ours, theirs, bench.plan))
        load.close()
