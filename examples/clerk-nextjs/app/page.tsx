import { auth } from '@clerk/nextjs/server'

export default async function Page() {
  const { userId } = await auth()
  return (
    <>
      <h1>Welcome</h1>
      <p>{userId ? 'You are signed in.' : 'Sign in to see your dashboard.'}</p>
    </>
  )
}
