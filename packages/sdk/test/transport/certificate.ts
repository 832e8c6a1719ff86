/** A self-signed certificate for `localhost`, valid for a hundred years, and its key: for TLS between a test and its own server, nothing else. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUOq1hlL6F76qNYwkkw3HFG5jPtA4wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEzMzc1OVoYDzIxMjYxMDI4
MTMzNzU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT/uXjSzvwyNgyo9NPiSlSvd30fb1nkao7Lh01+tOtEdmAFY0fFWwNJ
bEO8n9PnJ4OrWRB9E3OZC/Xa3zT+DPyFo2kwZzAdBgNVHQ4EFgQUoCw7YcMpDbro
dke9IDgrbT1GkRMwHwYDVR0jBBgwFoAUoCw7YcMpDbrodke9IDgrbT1GkRMwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
RwAwRAIgFZQA2eXdwDes/KwdwcIzajGO4q+GQ9Q22hSkcY87BiICIAJoluk1crPp
is0ZPfxmLmw7Ed2k1AoZr7IJm9L5dyFU
-----END CERTIFICATE-----
`;

/** See `CERTIFICATE`. */
export const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7i0V6aINboZ6dsbZ
Jtal/p4xQfwVaqCJ66a+DxbZfpehRANCAAT/uXjSzvwyNgyo9NPiSlSvd30fb1nk
ao7Lh01+tOtEdmAFY0fFWwNJbEO8n9PnJ4OrWRB9E3OZC/Xa3zT+DPyF
-----END PRIVATE KEY-----
`;
