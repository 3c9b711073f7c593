"""The conformance kit: what a partner without our software has to show, put into its mailbox, judged by its answers.

`cases` says what is sent and what must come; `folder` keeps a kit; `running` puts and fetches; `judging` decides.
"""
