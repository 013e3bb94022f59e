"""Takes what webhooks are told, and appends it to a file. usage: webhook_receiver.py PORT FILE"""
import http.server
import json
import sys


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            file.write(json.dumps({"signature": self.headers["Lockstep-Signature"], "body": body}) + "\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
