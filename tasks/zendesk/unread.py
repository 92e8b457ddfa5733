"""Fields that Zendesk documents and vensor leaves out: neither read nor reported as unknown.

Whatever else a record brings is new: it is kept out as well, and counted by its name, so that
someone can decide. Source: Zendesk's API reference (JSON formats), by the name of the record.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVERYWHERE = _names("url created_at")
UNREAD: dict[str, frozenset[str]] = {
    name: _EVERYWHERE | _names(fields)
    for name, fields in {
        "Ticket": """
            allow_attachments allow_channelback attribute_value_ids collaborator_ids
            collaborators due_at email_cc_ids encoded_id fields follower_ids followup_ids
            forum_topic_id from_messaging_channel has_incidents raw_subject result_type
            sharing_agreement_ids submitter ticket_form_id via_followup_source_id
            via_id slas dates last_audits incident_counts
        """,
        "User": """
            chat_only custom_role_id default_group_id iana_time_zone last_login_at locale_id
            moderator only_private_comments permanently_deleted photo report_csv
            restricted_agent role_type shared shared_agent shared_phone_number
            ticket_restriction two_factor_auth_enabled verified remote_photo_url
        """,
        "Identity": "deliverable_state undeliverable_count verification_method",
        "Organization": "group_id shared_comments shared_tickets",
        "TicketEvent": "event_type metadata system timestamp",
        "Audit": "metadata",
        "MetricEvent": "",
        "Rating": "reason_code reason_id",
        "SurveyResponse": "expires_at subject_zrns survey_id survey_version",
        "DeletedTicket": "actor description previous_state subject",
        "Call": """
            call_channel call_charge call_recording_consent_keypress callback_source
            consultation_time customer_requested_voicemail default_group ivr_action
            ivr_destination_group_name ivr_hops ivr_routed_to minutes_billed not_recording_time
            overflowed overflowed_to phone_number_id post_call_summary_created
            post_call_transcription_created recording_control_interactions recording_time
            time_to_answer
        """,
        "Leg": """
            available_via call_charge conference_from conference_time conference_to
            consultation_from consultation_to forwarded_to minutes_billed quality_issues
            transferred_from transferred_to
        """,
        "Group": "default description is_public",
        "Brand": """
            brand_url default has_help_center help_center_state host_mapping is_deleted logo
            signature_template subdomain ticket_form_ids
        """,
        "TicketField": """
            agent_can_edit agent_description collapsed_for_agents creator_app_name
            creator_user_id custom_field_options custom_statuses description
            editable_in_portal key position raw_description raw_title raw_title_in_portal
            regexp_for_validation relationship_filter relationship_target_type removable
            required required_in_portal sub_type_id system_field_options tag title_in_portal
            visible_in_portal
        """,
        "CustomStatus": """
            default description end_user_description end_user_label raw_agent_label
            raw_description raw_end_user_description raw_end_user_label
        """,
        "SlaPolicy": "description metric_settings",
        "Schedule": "",
        "Holiday": "",
        "Article": """
            author_id comments_disabled content_tag_ids edited_at name outdated
            outdated_locales permission_group_id position promoted section_id source_locale
            user_segment_id user_segment_ids vote_count vote_sum
        """,
    }.items()
}
