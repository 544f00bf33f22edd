// A phone or a security key for a page, by Chromium's own virtual authenticator.

export async function authenticator(page, more = {}) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...more,
    },
  });
  const set = (name, value) => session.send(name, { authenticatorId, ...value });
  return {
    // Whether whoever holds it is its owner.
    verified: (isUserVerified) => set('WebAuthn.setUserVerified', { isUserVerified }),
    // Whether anybody touches it when it asks.
    touched: (enabled) => set('WebAuthn.setAutomaticPresenceSimulation', { enabled }),
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    take: (credential) => set('WebAuthn.addCredential', { credential }),
    remove: () => session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}
