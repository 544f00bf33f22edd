import { defineConfig, loadEnv } from 'vite'
import react from '@vitejs/plugin-react'

export default defineConfig(({ mode }) => {
  const { HOUSEKEY_URL = 'http://localhost:4000' } = loadEnv(mode, '.', '')
  return {
    plugins: [react()],
    // The proxy's line: what Clerk's scripts ask of this app is answered by Housekey.
    server: { proxy: { '/__clerk': HOUSEKEY_URL } },
  }
})
