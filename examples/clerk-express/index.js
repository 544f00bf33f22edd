import { clerkClient, clerkMiddleware, getAuth } from '@clerk/express'
import express from 'express'

const app = express()
const PORT = process.env.PORT ?? 3000

app.use(clerkMiddleware())

app.get('/', (req, res) => {
  res.json({ message: 'Anybody may read this' })
})

app.get('/protected', async (req, res) => {
  const { userId } = getAuth(req)
  if (!userId) {
    return res.status(401).json({ error: 'Unauthorized' })
  }
  const user = await clerkClient.users.getUser(userId)
  res.json({ id: user.id, firstName: user.firstName, email: user.primaryEmailAddress?.emailAddress })
})

app.listen(PORT, () => {
  console.log(`Example app listening at http://localhost:${PORT}`)
})
