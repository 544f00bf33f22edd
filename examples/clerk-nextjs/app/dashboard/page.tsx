import { auth, currentUser } from '@clerk/nextjs/server'

export default async function Page() {
  const { sessionId } = await auth()
  const user = await currentUser()
  return (
    <>
      <h1>Hello, {user?.firstName ?? 'you there'}</h1>
      <dl>
        <dt>E-mail</dt>
        <dd>{user?.primaryEmailAddress?.emailAddress}</dd>
        <dt>Session</dt>
        <dd>{sessionId}</dd>
      </dl>
    </>
  )
}
