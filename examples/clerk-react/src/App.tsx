import { Show, SignInButton, SignUpButton, UserButton, useUser } from '@clerk/react'

export default function App() {
  return (
    <>
      <header>
        <strong>My app</strong>
        <Show when="signed-out">
          <SignInButton mode="modal" />
          <SignUpButton mode="modal" />
        </Show>
        <Show when="signed-in">
          <UserButton />
        </Show>
      </header>
      <main>
        <Show when="signed-out">
          <h1>Welcome</h1>
          <p>Sign in to see what is yours.</p>
        </Show>
        <Show when="signed-in">
          <Hello />
        </Show>
      </main>
    </>
  )
}

function Hello() {
  const { user } = useUser()
  return (
    <>
      <h1>Hello, {user?.firstName ?? 'you there'}</h1>
      <p>You are signed in as {user?.primaryEmailAddress?.emailAddress}.</p>
    </>
  )
}
