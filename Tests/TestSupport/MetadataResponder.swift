/// EC2's instance metadata service, version 2, as a Python program: says `up` once it listens at 169.254.169.254.
public enum MetadataResponder {
    /// A token for a PUT that says its lifetime; figures of a Tokyo instance for a GET that shows the token, else 401.
    public static let source = """
        import http.server

        class Service(http.server.BaseHTTPRequestHandler):
            def say(self, status, text):
                self.send_response(status)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_PUT(self):
                lifetime = self.headers['X-aws-ec2-metadata-token-ttl-seconds']
                right = self.path == '/latest/api/token' and lifetime == '60'
                self.say(200, 'dG9rZW4=') if right else self.say(400, 'Bad Request')

            def do_GET(self):
                if self.headers['X-aws-ec2-metadata-token'] != 'dG9rZW4=':
                    return self.say(401, 'Unauthorized')
                values = {'instance-type': 't3.micro', 'placement/region': 'ap-northeast-1',
                          'placement/availability-zone-id': 'apne1-az4'}
                name = self.path.removeprefix('/latest/meta-data/')
                self.say(200, values[name]) if name in values else self.say(404, 'Not Found')

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(('169.254.169.254', 80), Service)
        print('up', flush=True)
        server.serve_forever()
        """
}
