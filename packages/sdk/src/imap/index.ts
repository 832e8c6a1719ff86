export { MailboxError, MissingPackageError } from "./errors.ts";
export { type ImapOtpOptions, imapOtp } from "./imap-otp.ts";
