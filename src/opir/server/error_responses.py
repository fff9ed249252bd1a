"""Every error as a response of the one shape."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from opir.errors import OpirError
from opir.server.errors import ApiError, as_api_error
from opir.server.schemas import ErrorBody, ErrorDetail

_KINDS = {404: "not_found", 405: "method_not_allowed"}
_METHODS = ("GET", "HEAD", "POST", "DELETE")


def detail_of(error: ApiError) -> ErrorDetail:
    """Return an error as it goes into JSON."""
    return ErrorDetail(kind=error.kind, message=error.message, hint=error.hint)


def error_response(error: ApiError) -> Response:
    """Return the response for an error."""
    body = ErrorBody(error=detail_of(error)).model_dump_json(exclude_none=True)
    return Response(body, error.status, error.headers, "application/json")


def add_error_handlers(app: FastAPI) -> None:
    """Answer our errors, those of the package, of the validation and of the routing in one shape."""

    @app.exception_handler(ApiError)
    @app.exception_handler(OpirError)
    @app.exception_handler(MemoryError)
    async def known(request: Request, error: Exception) -> Response:
        del request
        return error_response(as_api_error(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        del request
        first = error.errors()[0]
        name = str(first["loc"][-1]) if first["loc"] else "request"
        return error_response(ApiError(422, "bad_option", f"{name}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        kind = _KINDS.get(error.status_code, "http_error")
        response = error_response(ApiError(error.status_code, kind, str(error.detail)))
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["allow"] = ", ".join(_allowed(app, request))
        return response


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """Return the methods of all routes of a path; the framework names those of the first one only."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    return [
        method for method, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in app.routes)
    ]
