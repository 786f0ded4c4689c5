"""Two servers behind nginx with one object store, all local processes, for tests that kill some of them."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from local_servers import at_free_port, until_it_listens

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
BUCKET = "pictures"

SITE = (Path(__file__).parents[1] / "docs" / "deploy" / "nginx.conf").read_text()
SERVER = next(line for line in SITE.splitlines() if "replica:8000" in line)
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{site}
}}
"""


class S3:
    """moto's server: an S3 that keeps everything in memory."""

    def __init__(self):
        self.port = self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, bucket=True):
        """Start it: first at a free port, and there again after it was stopped."""
        if self.port is None:
            self.process, self.port = at_free_port(self._started)
        else:
            self.process = self._started(self.port)
            until_it_listens(self.process, self.port)
        if bucket:
            self.client.create_bucket(Bucket=BUCKET)

    @staticmethod
    def _started(port):
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def client(self):
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )

    def stop(self):
        self.process.kill()
        self.process.wait()

    def names(self):
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"] for one in found]


class Replica:
    """One server."""

    def __init__(self, folder, number, s3, options, environment):
        self.log = folder / f"replica-{number}.log"
        command = [
            *(sys.executable, "-m", "imagebridge_server", "--http", "127.0.0.1:0"),
            *("--store", f"s3://{BUCKET}/kept"),
            *options,
        ]
        variables = os.environ | KEYS | {"AWS_ENDPOINT_URL": s3.url} | environment
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stderr=log)
        while not (told := re.search(r"serving at http://127.0.0.1:(\d+)/mcp\n", self.log.read_text())):
            assert self.process.poll() is None, self.log.read_text()
        self.port = int(told[1])
        self.url = f"http://127.0.0.1:{self.port}/mcp"

    def kill(self):
        self.process.kill()
        self.process.wait()


class Replicas:
    """The running processes, and their addresses."""

    def __init__(self, folder, s3, replicas, url):
        self.folder = folder
        self.s3 = s3
        self.all = replicas
        self.url = url


@contextmanager
def two_replicas(folder, *options, **environment):
    """Start all processes, and stop them afterwards."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    s3, running = S3(), []
    try:
        s3.start()
        running = [Replica(folder, number, s3, options, environment) for number in range(2)]
        servers = [SERVER.replace("replica:8000", f"127.0.0.1:{one.port}") for one in running]

        def start(port):
            site = SITE.replace(SERVER, "\n".join(servers))
            site = site.replace("listen 8080;", f"listen 127.0.0.1:{port};")
            configuration = folder / "nginx.conf"
            configuration.write_text(NGINX.format(folder=folder, site=site))
            return subprocess.Popen(
                [program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "start.log")]
            )

        nginx, port = at_free_port(start)
        try:
            yield Replicas(folder, s3, running, f"http://127.0.0.1:{port}/mcp")
        finally:
            nginx.terminate()
            nginx.wait()
    finally:
        for one in running:
            one.kill()
        if s3.process:
            s3.stop()
