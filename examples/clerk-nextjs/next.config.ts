import type { NextConfig } from 'next'

const housekey = process.env.HOUSEKEY_URL ?? 'http://localhost:4000'

const nextConfig: NextConfig = {
  // The proxy's line: what Clerk's scripts ask of this app is answered by Housekey.
  rewrites: async () => [{ source: '/__clerk/:path*', destination: `${housekey}/:path*` }],
}

export default nextConfig
